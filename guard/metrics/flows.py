"""What deals did to the balance: money flows (deposits, withdrawals, bonus) apart from profit and loss.

CHARGE, COMMISSION, INTEREST, DIVIDEND, TAX are profit and loss. CORRECTION, and a BALANCE whose comment names a fee,
swap or negative-balance compensation, count as profit and loss until classified. CREDIT moves credit, not balance.
Source: DEAL_TYPE of the MQL5 reference.
"""

from __future__ import annotations

from collections.abc import Iterable

from guard.model.trading import DEAL_BALANCE, DEAL_CREDIT, FLOW_DEALS, Deal

NOT_A_FLOW = ("fee", "commission", "swap", "rollover", "negative balance", "nbp", "compensation", "dividend", "adjust")


def is_flow(deal: Deal) -> bool:
    """Whether a deal is money paid in or out rather than a result."""
    if deal.type not in FLOW_DEALS:
        return False
    if deal.type == DEAL_BALANCE and deal.comment:
        words = deal.comment.lower()
        return not any(pattern in words for pattern in NOT_A_FLOW)
    return True


class Remembered:
    """Sums over one list of deals, kept while it is the very same list: it comes anew only when a deal does."""

    def __init__(self) -> None:
        """Nothing kept."""
        self._deals: object = None
        self._since: dict[float, tuple[float, float] | None] = {}
        self._costs: dict[int, float] | None = None
        self._paid: dict[float, tuple[float, float] | None] = {}

    def costs_since(self, deals: tuple[Deal, ...], server_s: float) -> tuple[float, float] | None:
        """``costs_since`` of these deals."""
        self._turn_to(deals)
        if server_s not in self._paid:
            self._paid[server_s] = costs_since(deals, server_s)
        return self._paid[server_s]

    def since(self, deals: tuple[Deal, ...], server_s: float) -> tuple[float, float] | None:
        """``since`` of these deals."""
        self._turn_to(deals)
        if server_s not in self._since:
            self._since[server_s] = since(deals, server_s)
        return self._since[server_s]

    def entry_costs(self, deals: tuple[Deal, ...]) -> dict[int, float]:
        """``entry_costs`` of these deals; do not change it."""
        self._turn_to(deals)
        if self._costs is None:
            self._costs = entry_costs(deals)
        return self._costs

    def _turn_to(self, deals: tuple[Deal, ...]) -> None:
        if self._deals is not deals:
            self._deals, self._since, self._costs, self._paid = deals, {}, None, {}


REMEMBERED = Remembered()


def since(deals: Iterable[Deal], server_s: float) -> tuple[float, float] | None:
    """Flows and results (account currency) of the deals at or after ``server_s`` (server seconds).

    ``None`` when a deal lacks its time, type or amount: a sum with a hole is not a sum.
    """
    flows = results = 0.0
    for deal in deals:
        if deal.time is None or deal.type is None:
            return None
        if deal.time < server_s or deal.type == DEAL_CREDIT:
            continue
        net = deal.net
        if net is None:
            return None
        if is_flow(deal):
            flows += net
        else:
            results += net
    return flows, results


def entry_costs(deals: Iterable[Deal]) -> dict[int, float]:
    """Commission and fee charged at entry by position identifier, as positive costs."""
    out: dict[int, float] = {}
    for deal in deals:
        if deal.entry == 0 and deal.position_id and deal.commission is not None and deal.fee is not None:
            out[deal.position_id] = out.get(deal.position_id, 0.0) - deal.commission - deal.fee
    return out


def costs_since(deals: Iterable[Deal], server_s: float) -> tuple[float, float] | None:
    """Commission with fees, and swap, of the deals at or after ``server_s``, as they changed the balance.

    Costs are below 0. ``None`` when a deal lacks its time or a cost.
    """
    commission = swap = 0.0
    for deal in deals:
        if deal.time is None:
            return None
        if deal.time < server_s or deal.type in FLOW_DEALS or deal.type == DEAL_CREDIT:
            continue
        if deal.commission is None or deal.fee is None or deal.swap is None:
            return None
        commission += deal.commission + deal.fee
        swap += deal.swap
    return commission, swap
