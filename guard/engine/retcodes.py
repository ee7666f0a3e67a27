"""What each answer of the trade server means for a deed. Judgement, one reason a code.

Source: MQL5 reference, trade server return codes; which of them a second attempt may help is judgement.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Answer(NamedTuple):
    """What to do after a return code.

    ``then``: ``accepted`` (the server took it: a later snapshot proves it), ``gone`` (there is nothing left to do: a
    later snapshot proves it), ``again`` (a fresh request after ``wait_s``), ``slow`` (the same with waits that double
    up to a minute), ``once`` (one more attempt), ``fix`` (a changed request: another fill mode, price, volume or
    order), ``session`` (not before a newer tick), ``unknown`` (it may be done: read before anything is sent again),
    ``legs`` (this pair is never closed by each other again, its legs are closed one by one),
    ``never`` (a second attempt cannot help: asked again after ``wait_s``, five minutes where it is 0, for what
    forbids it may be lifted).
    """

    then: str
    wait_s: float
    reason: str


_A: Final = Answer
RETCODES: Final[dict[int, Answer]] = {
    10004: _A("again", 0.0, "requote: the price moved beyond the deviation"),
    10006: _A("once", 1.0, "the dealer or bridge rejected it"),
    10007: _A("never", 0.0, "it was cancelled by the trader"),
    10008: _A("accepted", 0.0, "placed, not executed yet"),
    10009: _A("accepted", 0.0, "done, the position may still be listed for a moment"),
    10010: _A("accepted", 0.0, "partly filled, the rest is planned anew"),
    10011: _A("slow", 1.0, "the server could not process it"),
    10012: _A("unknown", 0.0, "the server timed out: it may have executed"),
    10013: _A("fix", 0.5, "a field or the ticket is wrong: the account is read again"),
    10014: _A("fix", 0.5, "the volume does not fit the symbol: computed anew"),
    10015: _A("fix", 0.0, "the price is wrong: asked with a fresh one"),
    10016: _A("fix", 0.5, "the stop is on the wrong side or too near"),
    10017: _A("never", 0.0, "trading is disabled for the symbol or the account"),
    10018: _A("session", 1.0, "the market is closed: waits for its session"),
    10019: _A("never", 0.0, "not enough money: a close never needs any"),
    10020: _A("again", 0.0, "the price changed"),
    10021: _A("again", 0.5, "there are no quotes to execute at"),
    10022: _A("fix", 0.5, "the expiration is wrong"),
    10023: _A("again", 0.25, "the order changed meanwhile: read again"),
    10024: _A("slow", 2.0, "too many requests: slowed down"),
    10025: _A("gone", 0.0, "nothing would change: it is as wanted"),
    10026: _A("never", 60.0, "the broker forbids algorithmic trading"),
    10027: _A("never", 60.0, "the AlgoTrading button of the terminal is off: switch it on"),
    10028: _A("again", 0.5, "the request is locked for processing"),
    10029: _A("again", 1.0, "the price is inside the freeze level"),
    10030: _A("fix", 0.0, "the fill mode is not supported: the next one is tried"),
    10031: _A("slow", 1.0, "the terminal has no connection to the trade server"),
    10032: _A("never", 0.0, "allowed on real accounts only"),
    10033: _A("never", 0.0, "the number of pending orders is at its limit"),
    10034: _A("never", 0.0, "the volume of the symbol is at its limit"),
    10035: _A("fix", 0.5, "this kind of order is prohibited here"),
    10036: _A("gone", 0.0, "the position is closed already"),
    10038: _A("fix", 0.25, "more than is open was asked to be closed: read again"),
    10039: _A("again", 1.0, "a close of this position is at work already"),
    10040: _A("never", 0.0, "the number of positions is at its limit"),
    10041: _A("never", 0.0, "the pending order's activation was rejected and it was cancelled"),
    10042: _A("never", 0.0, "only long positions are allowed"),
    10043: _A("never", 0.0, "only short positions are allowed"),
    10044: _A("never", 0.0, "only closing is allowed, by the symbol's rules"),
    10045: _A("fix", 0.0, "the oldest position must be closed first"),
    10046: _A("never", 0.0, "opposite positions are prohibited"),
}
# A deed for which a code means something else than for a close.
BY_KIND: Final[dict[tuple[str, int], Answer]] = {
    ("close_by", 10013): _A("legs", 0.0, "the pair cannot be closed by each other: its legs are closed one by one"),
    ("close_by", 10035): _A("legs", 0.0, "close-by is prohibited here: the legs are closed one by one"),
    ("close_by", 10045): _A("legs", 0.0, "the oldest position must be closed first: the legs are closed one by one"),
    ("cancel", 10013): _A("again", 0.5, "the order is perhaps gone: read again"),
    ("cancel", 10035): _A("again", 0.5, "the order is perhaps gone: read again"),
    ("cancel", 10036): _A("again", 0.5, "the order was perhaps filled: read again"),
    ("cancel", 10025): _A("gone", 0.0, "the order is gone already"),
    ("set_stop", 10013): _A("fix", 0.5, "the position is perhaps gone: read again"),
}
NOT_KNOWN: Final = _A("unknown", 0.0, "the return code is not known: it may have executed")
NO_SUCH_FILLING: Final = 10030  # the only refusal that another fill mode answers
FIXES: Final = 6  # so many changed requests, then it cannot be helped
SLOWEST_S: Final = 60.0
NEVER_S: Final = 300.0


def answer(kind: str, retcode: int) -> Answer:
    """What a return code means for a kind of deed."""
    return BY_KIND.get((kind, retcode), RETCODES.get(retcode, NOT_KNOWN))
