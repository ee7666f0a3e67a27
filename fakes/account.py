"""The account over its books: equity, margin with its tiers and scheduled changes, free margin, commission."""

from __future__ import annotations

from fakes.books import Books
from fakes.ledger import Order
from fakes.margin import LEVERAGED, Leg, Resting, lot_margin, opening_margin, symbol_margin, tier_factor
from fakes.money import assets
from fakes.symbols import SymbolSpec


class Account(Books):
    """One account's figures, by the broker's own formulas."""

    @property
    def equity(self) -> float:
        """Balance + credit + floating profit + swap - blocked commission, + assets - liabilities."""
        swap = sum(position.swap for position in self._positions.values())
        own = self.balance + self.credit + self.floating + swap - self.blocked_commission
        return round(own + self.assets - self.liabilities, self.digits)

    @property
    def assets(self) -> float:
        """What collateral adds to the account."""
        return round(sum(value for value in self._collateral() if value > 0), self.digits)

    @property
    def liabilities(self) -> float:
        """What collateral owed takes off the account."""
        return round(-sum(value for value in self._collateral() if value < 0), self.digits)

    def _collateral(self) -> list[float]:
        held = [(p, self.specs[p.symbol]) for p in self._positions.values()]
        return [
            assets(self.exchange, self.currency, spec, p.side, p.volume, self.quotes[p.symbol].closing(p.side))
            for p, spec in held if spec.liquidity_rate > 0
        ]  # fmt: skip

    @property
    def leverage_now(self) -> int:
        """The account's leverage: as set, or the most that an account of this size gets."""
        steps = [most for start, most in self.terms.leverage_by_equity if self.balance + self.credit >= start]
        return min(self.leverage, steps[-1]) if steps else self.leverage

    @property
    def margin(self) -> float:
        """Used margin. With frozen conversion it changes only when positions, orders or the terms do."""
        if self._margin is None:
            names = {p.symbol for p in self._positions.values()} | {order.symbol for order in self.orders}
            self._margin = round(sum(self.margin_of(symbol) for symbol in sorted(names)), self.digits)
        return self._margin

    @property
    def margin_level(self) -> float:
        """Equity / margin in percent; 0.0 when there is no margin, as the terminal shows it."""
        return self.equity / self.margin * 100 if self.margin > 0 else 0.0

    @property
    def free_margin(self) -> float:
        """What new positions can be opened with: equity - margin, as far as the group counts open and new profit."""
        result, counts = self.floating, self.terms.free_margin
        left_out = {"both": 0.0, "none": result, "profit": min(0.0, result), "loss": max(0.0, result)}[counts]
        blocked = max(0.0, self.won_today) if self.terms.block_profit else 0.0
        return round(self.equity - left_out - blocked - self.margin, self.digits)

    def _legs(self, symbol: str, extra: Leg | None = None) -> list[Leg]:
        """The positions of a symbol as margin sees them, oldest first, with one more when given."""
        spec, held = self.specs[symbol], self.held(symbol)
        floating = self.terms.margin_conversion == "floating"
        legs: list[Leg] = []
        before = 0.0
        for p in held:
            now = self.conversion(symbol, p.side, self.quotes[symbol].opening(p.side)) if floating else None
            legs.append(Leg(p.side, p.volume, p.price_open, p.conversion if now is None else now))
        if extra is not None:
            legs.append(extra)
        for number, leg in enumerate(legs):
            size = self._tier_size(spec, leg)
            factor = self._factor(spec, before, size, held[number].time_msc if number < len(held) else self.server_msc)
            legs[number] = leg._replace(factor=factor)
            before += size
        return legs

    @staticmethod
    def _tier_size(spec: SymbolSpec, leg: Leg | Resting) -> float:
        """How much of the tiers a position or order takes up: lots, or what the contract is worth."""
        return leg.volume * spec.contract_size * leg.price if spec.tiers_by_value else leg.volume

    def _factor(self, spec: SymbolSpec, before: float, size: float, opened_msc: int) -> float:
        """What tiers and scheduled changes multiply a margin by."""
        leveraged, leverage = spec.calc_mode in LEVERAGED, self.leverage_now
        factor = tier_factor(spec.tiers, before, size, leverage, leveraged=leveraged)
        for change in self._changes:
            if change.held or opened_msc >= change.began(self.server_msc):
                factor *= change.times(spec.name, leverage, leveraged=leveraged)
        return factor

    def _resting(self, order: Order) -> Resting | None:
        """A pending order as margin sees it; ``None`` when it holds none or cannot be converted."""
        spec = self.specs[order.symbol]
        if not 2 <= order.type <= 7 or spec.rate_of(order.type) <= 0:
            return None
        conversion = self._order_conversion.get(order.ticket)
        if conversion is None or self.terms.margin_conversion == "floating":
            conversion = self.conversion(order.symbol, order.side, order.price)
            if conversion is None:
                return None
            self._order_conversion[order.ticket] = conversion
        resting = Resting(order.type, order.volume_current, order.price, conversion)
        factor = self._factor(spec, 0.0, self._tier_size(spec, resting), order.setup_msc)
        return resting._replace(factor=factor)

    def margin_of(self, symbol: str, extra: Leg | None = None) -> float:
        """Margin of all positions and pending orders of a symbol, with one more position when given."""
        found = [self._resting(order) for order in self.orders if order.symbol == symbol]
        orders = [order for order in found if order is not None]
        legs = self._legs(symbol, extra)
        return symbol_margin(self.specs[symbol], legs, self.leverage_now, orders, hedging=self.hedging)

    def margin_asked(self, symbol: str, new: Leg) -> float:
        """How much free margin must be there for a new position or an addition, in account currency.

        What margin grows by once it is open, at the initial rate; where the symbol has a fixed margin, what the server
        asks for while it opens, which may be more.
        """
        spec, before = self.specs[symbol], self.margin_of(symbol)
        grown = self.margin_of(symbol, new) - before
        legs = self._legs(symbol, new)
        if self.hedging and spec.margin_initial > 0 and not spec.hedged_use_leg:
            asked = opening_margin(spec, legs[:-1], legs[-1], self.leverage_now)
            return max(grown, asked - symbol_margin(spec, legs[:-1], self.leverage_now))
        if any(leg.side != new.side for leg in legs):
            return grown
        unit = lot_margin(spec, new.side, new.price, self.leverage_now, held=False)
        return max(grown, new.volume * unit * new.conversion * legs[-1].factor * spec.rate(new.side))

    def margin_for(
        self, symbol: str, side: int, volume: float, price: float, rate: float | None = None
    ) -> float | None:
        """Margin of a new order by itself, or ``None`` without a conversion path."""
        spec = self.specs[symbol]
        conversion = self.conversion(symbol, side, price)
        if conversion is None:
            return None
        unit = lot_margin(spec, side, price, self.leverage_now, held=False)
        leg = Leg(side, volume, price, conversion)
        counted = self.held(symbol) if self.terms.calc_counts_held else []
        before = sum(self._tier_size(spec, Leg(p.side, p.volume, p.price_open, 1.0)) for p in counted)
        factor = self._factor(spec, before, self._tier_size(spec, leg), self.server_msc)
        amount = volume * unit * conversion * factor * (spec.rate(side) if rate is None else rate)
        return round(amount, self.digits)

    def order_margin(self, order: Order) -> float:
        """Margin a pending order holds by itself; most brokers charge nothing."""
        resting = self._resting(order)
        if resting is None:
            return 0.0
        unit = lot_margin(self.specs[order.symbol], order.side, order.price, self.leverage_now, held=False)
        rate = self.specs[order.symbol].rate_of(order.type)
        return round(resting.volume * unit * resting.conversion * resting.factor * rate, self.digits)

    def commission(self, volume: float) -> float:
        """The commission of a deal as it changes the balance (0 or below); blocked instead where it is charged daily.

        Args:
            volume: lots that are charged; 0 for a deal that is free.
        """
        if volume <= 0:
            return 0.0
        amount = round(self.commission_per_lot * volume + self.terms.commission_per_deal, self.digits)
        if not self.terms.commission_daily:
            return 0.0 - amount
        self.blocked_commission = round(self.blocked_commission + amount, self.digits)
        return 0.0

    def margin_changes(self) -> None:
        """Scheduled changes of margin come and go with the clock."""
        on = self.terms.changes_on(self.server_msc)
        if on != self._changes:
            self._changes = on
            self.changed()
            names = ", ".join(sorted(set().union(*(change.symbols for change in on)))) or "all symbols"
            self.tell("margin", f"Margin raised for {names}" if on else "Margin back to its usual size")
