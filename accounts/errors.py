"""Refusal: understood, and the answer is no."""


class Refusal(Exception):
    """An expected "no". Its text is Russian and fit for a resident: what is wrong, where, what to do.

    Subclasses live beside the operation that raises them. Everything else is a fault: let it fly.
    """

    def __init__(self, text: str, *, field: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.field = field
