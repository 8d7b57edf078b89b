"""Changes of an account by its principal, by page and by program alike: what each does, and what it would cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import accounts.operations
from accounts.database import rolled_back
from accounts.queries import PersonalAccount, User
from portals import access
from portals.office.effects import Effect, effect_of
from portals.operations import account_edits


@dataclass(frozen=True, slots=True)
class Change:
    """perform: does it and says so in Russian; moves_money: its effect in roubles is shown before."""

    perform: Callable[[PersonalAccount, User, Mapping[str, Any]], str]
    moves_money: bool = False


def _rename(account: PersonalAccount, by: User, facts: Mapping[str, Any]) -> str:
    own = access.supplied_accounts_for(by).values("pk")
    account_edits.rename_payer(account_id=account.pk, by=by, own=own, **facts)
    return "Имя плательщика исправлено."


def _relabel(account: PersonalAccount, by: User, facts: Mapping[str, Any]) -> str:
    account_edits.relabel_premises(account_id=account.pk, by=by, **facts)
    return "Адрес исправлен."


def _settle(account: PersonalAccount, by: User, facts: Mapping[str, Any]) -> str:
    accounts.operations.settle_resident(account_id=account.pk, by=by, **facts)
    return "Проживание записано. Начисления пересчитаются сами."


def _leave(account: PersonalAccount, by: User, facts: Mapping[str, Any]) -> str:
    accounts.operations.move_out(account_id=account.pk, by=by, **facts)
    return "Выбытие записано. Начисления пересчитаются сами."


CHANGES = {
    "name": Change(_rename), "place": Change(_relabel), "settle": Change(_settle, moves_money=True),
    "leave": Change(_leave, moves_money=True),
}  # fmt: skip


def perform(account: PersonalAccount, kind: str, facts: Mapping[str, Any], *, by: User) -> str:
    """Make the change; what was done. Raises the operation's Refusal."""
    return CHANGES[kind].perform(account, by, facts)


def preview(account: PersonalAccount, kind: str, facts: Mapping[str, Any], *, by: User) -> Effect | None:
    """What the change would do to the running bill under the contracts that `by` answers for; None where no
    money moves. Raises what the change itself would; nothing stays of it."""
    if not CHANGES[kind].moves_money:
        with rolled_back():
            perform(account, kind, facts, by=by)
        return None
    own = [contract.pk for contract in access.edited_contracts_for(by)]
    return effect_of(lambda: perform(account, kind, facts, by=by), account_id=account.pk, contract_ids=own)
