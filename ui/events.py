"""Events of the page's own: what happens quietly when something is clicked, and how the library is drawn again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

# How many questions are answered at the same time; more wait in line.
AT_ONCE = 4

# What changes the library is done one after the other.
WRITING = "write"

# One value for each output of an event; `gr.skip()` leaves an output as it is.
Updates = tuple[object, ...]

# No progress over what they draw, and no endpoint for programs.
on = partial(gr.on, show_progress="hidden", api_visibility="private")


def then(event: Dependency, handler: Callable[..., object], inputs: list[Component], outputs: list[Component]) -> None:
    """Quietly do something more when an event is over, also when it failed."""
    event.then(handler, inputs, outputs, show_progress="hidden", api_visibility="private")


# Draws a part of the page anew when an event is over, also when it failed.
After = Callable[[Dependency], None]


@dataclass(frozen=True, slots=True)
class Redraw:
    """How the page is drawn anew after the library has changed."""

    handler: Callable[..., Updates]
    inputs: tuple[Component, ...]
    outputs: tuple[Component, ...]

    def after(self, event: Dependency) -> None:
        """Draw the page anew when an event is over, also when it failed."""
        then(event, self.handler, list(self.inputs), list(self.outputs))
