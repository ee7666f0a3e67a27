"""A trading day in two minutes, written as any user of the MetaTrader5 package would: nothing of MT5 Guard is in it.

Start the terminal first (Windows, or Windows Python under Wine):

    python -m fakes.terminal --path C:\\Ghost\\terminal64.exe --seed 1 --at 15,price=1.0800 --at 20,deposit=500 ^
        --at 30,price=1.0733 --at 40,price=1.0665
"""

import time
from datetime import datetime, timedelta

import MetaTrader5 as mt5

PATH, SYMBOL = r"C:\Ghost\terminal64.exe", "EURUSD"


def send(words, **request):
    request = {"symbol": SYMBOL, "type_filling": mt5.ORDER_FILLING_IOC, "deviation": 20, **request}
    result = mt5.order_send(request)
    if result is None:
        raise SystemExit(f"{words}: {mt5.last_error()}")
    print(f"{words}: {result.retcode} {result.comment}, {result.volume:g} lots at {result.price:.5f}")
    return result


def market(side, volume, **more):
    tick = mt5.symbol_info_tick(SYMBOL)
    price = tick.ask if side == mt5.ORDER_TYPE_BUY else tick.bid
    return {"action": mt5.TRADE_ACTION_DEAL, "type": side, "volume": volume, "price": price, **more}


def deals(**wanted):
    found = mt5.history_deals_get(datetime.now() - timedelta(days=60), datetime.now() + timedelta(days=2))
    return [deal for deal in found if all(getattr(deal, name) == value for name, value in wanted.items())]


def wait_for(words, look, patience=60):
    until = time.time() + patience
    while time.time() < until:
        seen = look()
        if seen:
            return seen
        time.sleep(0.05)
    raise SystemExit(f"{words}: not seen within {patience} s")


if not mt5.initialize(PATH):
    raise SystemExit(f"initialize: {mt5.last_error()}")
account, terminal = mt5.account_info(), mt5.terminal_info()
print(f"{terminal.name}, build {terminal.build}; account {account.login} at {account.server}")
print(f"balance {account.balance:.2f} {account.currency}, leverage 1:{account.leverage}")

names = [symbol.name for symbol in mt5.symbols_get()]
info = mt5.symbol_info(SYMBOL)
print(f"{mt5.symbols_total()} symbols: {', '.join(names)}; a lot of {SYMBOL} is {info.trade_contract_size:.0f}")
bars = mt5.copy_rates_from_pos(SYMBOL, mt5.TIMEFRAME_M1, 0, 60)
print(f"{len(bars)} minute bars, closes from {bars['close'].min():.5f} to {bars['close'].max():.5f}")

check = mt5.order_check({"symbol": SYMBOL, "type_filling": mt5.ORDER_FILLING_IOC, **market(mt5.ORDER_TYPE_BUY, 0.5)})
margin = mt5.order_calc_margin(mt5.ORDER_TYPE_BUY, SYMBOL, 0.5, mt5.symbol_info_tick(SYMBOL).ask)
print(f"order_check: {check.comment or check.retcode}, margin {check.margin:.2f}; order_calc_margin {margin:.2f}")

bought = send("buy 0.5", **market(mt5.ORDER_TYPE_BUY, 0.5)).order
for position in mt5.positions_get(symbol=SYMBOL):
    print(f"position {position.ticket}: {position.volume:g} lots at {position.price_open:.5f}, {position.profit:+.2f}")
send("close 0.2 of it", **market(mt5.ORDER_TYPE_SELL, 0.2, position=bought))
sold = send("sell 0.3", **market(mt5.ORDER_TYPE_SELL, 0.3)).order
print(f"{mt5.positions_total()} positions, margin in use {mt5.account_info().margin:.2f}")
send("close one by the other", action=mt5.TRADE_ACTION_CLOSE_BY, position=bought, position_by=sold)
print(f"{mt5.positions_total()} positions")

stop = round(mt5.symbol_info_tick(SYMBOL).bid - 0.0020, 5)
stopped = send(f"buy 0.1 with a stop at {stop:.5f}", **market(mt5.ORDER_TYPE_BUY, 0.1, sl=stop)).order
hit = wait_for("stop", lambda: deals(position_id=stopped, reason=mt5.DEAL_REASON_SL))[0]
print(f"stop hit: closed at {hit.price:.5f}, {hit.profit:+.2f} ({hit.comment})")

paid = wait_for("deposit", lambda: deals(type=mt5.DEAL_TYPE_BALANCE, comment="Deposit"))[0]
print(f"deposit: {paid.profit:+.2f}, balance now {mt5.account_info().balance:.2f}")

send("buy 7 lots", **market(mt5.ORDER_TYPE_BUY, 7.0))
print(f"margin level {mt5.account_info().margin_level:.1f}%")


def called():
    now = mt5.account_info()
    return now if now.margin > 0 and now.margin_level <= now.margin_so_call else None


low = wait_for("margin call", called)
print(f"margin call: equity {low.equity:.2f}, margin level {low.margin_level:.1f}%")
out = wait_for("stop-out", lambda: deals(reason=mt5.DEAL_REASON_SO))[0]
print(f"stop-out: {out.volume:g} lots closed at {out.price:.5f}, {out.profit:+.2f} ({out.comment})")
print(f"balance {mt5.account_info().balance:.2f}, {len(deals())} deals in all")
mt5.shutdown()
