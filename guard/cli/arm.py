"""``guard arm``: the consent without which nothing is ever closed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

import typer

from guard.app import inforce
from guard.app.arming import ARMED, REHEARSAL_MINUTES, closing_actions, rehearsed_minutes
from guard.app.binding import POLICY, Held, held_body
from guard.app.bootstrap import Guarded, open_guard
from guard.app.conditions import hindrance
from guard.app.connect import Options, TerminalFactory, vendor_terminal
from guard.app.cycle import utc_now
from guard.app.foreign import foreign_banner
from guard.app.stop import Stop, Stopped
from guard.cli import output
from guard.cli._arm_view import preview_json, preview_lines
from guard.cli._asking import asked, one_guard, show
from guard.cli.check import look
from guard.cli.run import Config, HomeFolder
from guard.engine.arming import preview, with_confirmed, with_inherited
from guard.model.errors import InputError, TerminalError, UsageError

_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Consent:
    """What the command line says."""

    login: int | None
    allow: tuple[str, ...]
    confirm: tuple[str, ...]
    without_rehearsal: bool
    as_json: bool


def register(app: typer.Typer, *, terminal: TerminalFactory = vendor_terminal) -> None:
    """Add the command; ``terminal`` is another one only in tests."""

    @app.command()
    def arm(
        config: Config = None,
        home: HomeFolder = None,
        login: Annotated[int | None, typer.Option("--login", help="The account number, typed: your signature.")] = None,
        allow: Annotated[
            list[str] | None, typer.Option("--allow", help="A closing action you allow, such as flatten; repeat it.")
        ] = None,
        confirm: Annotated[
            list[str] | None,
            typer.Option("--confirm", help="Act on what this limit finds already; without it that is only told."),
        ] = None,
        without_rehearsal: Annotated[
            bool, typer.Option("--without-rehearsal", help="Arm without a trading day of mode rehearse.")
        ] = False,
        foreign_module: Annotated[
            bool, typer.Option("--foreign-module", help="Arm over [terminal] module, which nobody has checked.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    ) -> None:
        """Allow the guard to act: shows what each limit would do now, then asks for your signature.

        With --confirm alone and a running guard: confirm what a limit found when it was armed. Nothing is sent here.
        Exit code 0: armed; 2: not confirmed; 3: configuration; 4: a guard is running; 5: terminal; 6: another account.
        """
        consent = Consent(login, tuple(allow or ()), tuple(confirm or ()), without_rehearsal, as_json)
        if consent.confirm and login is None and not consent.allow:
            one = one_guard(home, None)
            for name in consent.confirm:
                show(asked(home, one, "confirm", {"limit": name}), "confirm", as_json=as_json)
            return
        stop = Stop()
        stop.install()
        try:
            options = Options(config, home, foreign_module)
            with open_guard(options, terminal, stop, role=inforce.ARM, shout=output.tell) as guarded:
                _arm(guarded, consent, stop)
        except Stopped:
            raise typer.Exit(_INTERRUPTED) from None


def _arm(guarded: Guarded, consent: Consent, stop: Stop) -> None:
    policy = guarded.loaded.policy
    if policy.mode != inforce.ENFORCE:
        raise InputError(
            f'mode is {policy.mode} in {policy.source}: to be armed write mode = "enforce" there; nothing was changed'
        )
    outcome = look(guarded, stop)
    result, snapshot = outcome.result, outcome.snapshot
    if result is None or snapshot is None or outcome.blind is not None:
        raise TerminalError(f"account {guarded.account} cannot be read: {outcome.blind}")
    rows = preview_json(preview(result, policy), snapshot)
    hindered, minutes = hindrance(snapshot), rehearsed_minutes(guarded.journal)
    closing = closing_actions(policy)
    document: dict[str, Any] = {
        "format": "guard.arm/1", "account": {"login": guarded.account.login, "server": guarded.account.server},
        "limits": rows, "closing_actions": {name: list(limits) for name, limits in closing.items()},
        "rehearsed_minutes": minutes, "cannot_act": hindered or None, "armed": False,
    }  # fmt: skip
    if not consent.as_json:
        _show(guarded, rows, hindered, snapshot.account.currency or "")
    _check(guarded, consent, closing, minutes)
    allowed = _allowed(consent, closing)
    _write(guarded, consent, result, allowed)
    left = [name for name in closing if name not in allowed]
    document |= {"armed": True, "allowed": list(allowed), "not_allowed": left}
    if consent.as_json:
        output.print_json(document)
        return
    output.say(f"Armed: account {guarded.account}. Allowed: {', '.join(allowed) or 'no closing action'}.")
    if left:
        output.say(f"Not allowed, so only told: {', '.join(left)}.")
    output.say("From now on a looser configuration waits. Start the guard with `guard run`.")


def _show(guarded: Guarded, rows: list[dict[str, Any]], hindered: str, currency: str) -> None:
    output.say(f"Account {guarded.account}, limits from {guarded.loaded.policy.source}. With the account as it is now:")
    for line in preview_lines(rows, currency):
        output.say(line)
    for note in (f"THE GUARD CANNOT ACT: {hindered}" if hindered else None, foreign_banner(guarded.loaded)):
        if note is not None:
            output.tell(f"guard: {note}.")


def _check(guarded: Guarded, consent: Consent, closing: dict[str, tuple[str, ...]], minutes: int) -> None:
    unknown = [name for name in consent.allow if name not in closing]
    if unknown:
        there = ", ".join(closing) or "none"
        raise UsageError(f"--allow {unknown[0]}: no limit asks for it; closing actions of your limits: {there}")
    if minutes < REHEARSAL_MINUTES and not consent.without_rehearsal:
        raise UsageError(
            f"mode rehearse has watched this account for {minutes / 60:.1f} of {REHEARSAL_MINUTES / 60:.0f} hours: let "
            "it rehearse a trading day, or say --without-rehearsal"
        )
    typed = consent.login
    if typed is None and not consent.as_json and output.asks():
        typed = typer.prompt(f"Type the account number to allow deeds on account {guarded.account}", type=int, err=True)
    if typed is None:
        raise UsageError("not armed: sign with --login and the account number")
    if typed != guarded.account.login:
        raise UsageError(f"not armed: {typed} is not the account number of {guarded.account}")


def _allowed(consent: Consent, closing: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The closing actions the trader opts in to, one by one."""
    asks = not consent.as_json and consent.login is None and output.asks()
    return tuple(
        name for name, limits in closing.items()
        if name in consent.allow or (asks and typer.confirm(f"Allow {name} ({', '.join(limits)})?", err=True))
    )  # fmt: skip


def _write(guarded: Guarded, consent: Consent, result: Any, allowed: tuple[str, ...]) -> None:  # noqa: ANN401 - a CycleResult
    state, at = with_inherited(guarded.cycle.state, result, guarded.loaded.policy), utc_now()
    try:
        for name in consent.confirm:
            state = with_confirmed(state, name)
    except ValueError as error:
        raise UsageError(f"--confirm: {error}") from error
    before = guarded.binding.held
    held = before if before is not None and before.binds else Held(guarded.loaded.document)
    # What was allowed once goes on being allowed: less would be looser.
    held = replace(held, consented=tuple(sorted({*held.consented, *allowed})), armed_at=at)
    body = {"allowed": list(held.consented), "confirmed": list(consent.confirm),
            "without_rehearsal": consent.without_rehearsal, "inherited": dict(state.enforcing.inherited)}  # fmt: skip
    guarded.journal.commit_state(ARMED, body, state, at=at)
    guarded.journal.commit(POLICY, held_body(held, "armed"), at=at)
