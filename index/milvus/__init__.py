"""A library on a Milvus: a file, one server or a cluster."""
