"""Why an action was not carried out, in words for the person who asked."""

from collections.abc import Sequence

from trial_site.messages import Message


class Refused(Exception):
    """The action is not allowed now.  ``message`` says why; nothing was written."""

    def __init__(self, message: Message, reasons: Sequence[Message] = ()) -> None:
        super().__init__(str(message))
        self.message = message
        self.reasons = tuple(reasons)


class NeedsConfirmation(Exception):
    """Values outside a soft limit: is this right?  ``questions`` pairs a field with its question.

    Nothing was written; the same call with ``confirmed=True`` goes through and keeps the questions.
    """

    def __init__(self, questions: Sequence[tuple[str, Message]]) -> None:
        super().__init__("; ".join(str(message) for _, message in questions))
        self.questions = tuple(questions)
