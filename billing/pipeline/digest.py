"""A fingerprint of all that the lines of an account depend on: the same facts, the same lines, nothing to compute.

A night reads the facts of a block, compares fingerprints with those of the last draft, and computes only accounts whose
fingerprint differs. A full pass computes everybody and so proves the fingerprints right.
"""

from __future__ import annotations

import zlib
from dataclasses import fields, replace

import polars as pl

from billing.kinds import HEAT, How
from billing.pipeline.facts import Facts, Frame

Printed = dict[str, Frame]

# A line of these depends on the account's own facts and on its house's, never on what the neighbours used.
ALONE = (
    How.METERED, How.HEATING_NORM, How.HEATING_BUILDING, How.WASTEWATER, How.NORM_PERSON, How.NORM_AREA, How.PER_M2,
    How.PER_ACCOUNT, How.COMMON_NORM,
)  # fmt: skip
# Frames that make nobody depend on neighbours; any other frame with rows of a house makes its premises share.
PLAIN = {
    "accounts", "areas", "residents", "owners", "provisions", "exceptions", "passports", "own_heating",
    "house_volumes", "meters", "readings", "charged", "businesses", "year_heat", "faults", "plots", "absences",
    "breaches", "benefits", "joint_year",
}  # fmt: skip


def fingerprints(facts: Facts, engine: str) -> Frame:
    """account_id, digest of every account asked for. engine: the version of the rules, part of every digest.

    A sum of row hashes is blind to the order of rows. Where premises share something, everything of the house counts.
    """
    frames = _frames(facts)
    places = _places(facts, frames["meters"])
    by_account: list[Frame] = []
    by_house: list[Frame] = []
    for name, rows in frames.items():
        if not rows.height:
            continue
        key = _key(rows)
        hashed = rows.select(key).with_columns(h=rows.hash_rows(zlib.crc32(name.encode())))
        if key == "house_id":
            by_house.append(hashed.select("house_id", "h"))
        elif key == "account_id":
            by_account.append(hashed.join(facts.accounts.select("account_id", "house_id"), on="account_id"))
        else:
            by_account.append(hashed.join(places[key], on=key))
    if not by_account:
        return pl.DataFrame(schema={"account_id": pl.Int64, "digest": pl.Int64})
    own = pl.concat([rows.select("account_id", "house_id", "h") for rows in by_account])
    together = own.join(sharing(facts), on="house_id", how="semi").select("house_id", "h")
    of_house = pl.concat([*by_house, together]).group_by("house_id").agg(house=pl.sum("h"))
    alone = own.filter(pl.col("account_id").is_not_null()).group_by("account_id", "house_id").agg(own=pl.sum("h"))
    seed = zlib.crc32(f"{engine} {facts.month} {_of_reference(facts)}".encode())
    mixed = alone.join(of_house, on="house_id", how="left").select("account_id", "own", pl.col("house").fill_null(0))
    digest = mixed.select("own", "house").hash_rows(seed).reinterpret(signed=True)
    return facts.asked(mixed.select("account_id").with_columns(digest=digest))


def only(facts: Facts, account_ids: pl.Series) -> Facts:
    """The facts of these accounts alone: a whole house where premises share something."""
    accounts = facts.accounts.filter(pl.col("account_id").is_in(account_ids.implode()))
    homes = accounts.select("premises_id")
    rooms = facts.rooms.join(homes, on="premises_id", how="semi")
    homes = pl.concat([homes, rooms.select(premises_id="parent_id")])
    meters = facts.meters.join(homes, on="premises_id", how="semi")
    kept: Printed = {"accounts": accounts, "meters": meters}
    scopes = {"account_id": accounts, "house_id": accounts, "premises_id": homes, "meter_id": meters}
    for name, rows in _frames(facts).items():
        if name not in kept:
            key = _key(rows)
            kept[name] = rows.join(scopes[key].select(key), on=key, how="semi") if rows.height else rows
    return replace(facts, **kept)  # type: ignore[arg-type]  # frames by their names


def sharing(facts: Facts) -> Frame:
    """house_id of houses in which a line of one premises may depend on what the others have or used."""
    alone = [int(how) for how in ALONE]
    found = [facts.provisions.filter(~pl.col("method").is_in(alone)).select("house_id")]
    homes = facts.accounts.select("premises_id", "house_id", "account_id")
    heat_meters = facts.meters.filter(pl.col("resource") == HEAT).join(homes, on="premises_id")
    found.append(heat_meters.select("house_id"))
    resources = facts.reference.services.select("service_id", "resource")
    common = facts.provisions.filter(pl.col("method") == How.COMMON_NORM).join(resources, on="service_id")
    measured = facts.house_volumes.filter(pl.col("month") == facts.month.first).join(resources, on="service_id")
    found.append(common.join(measured, on=["house_id", "resource"], how="semi").select("house_id"))
    for name, rows in _frames(facts).items():
        if name not in PLAIN and rows.height:
            key = _key(rows)
            found.append(
                rows.select(key).join(homes, on=key).select("house_id")
                if key != "house_id"
                else rows["house_id"].to_frame()
            )
    return pl.concat(found).unique()


def _frames(facts: Facts) -> Printed:
    return {
        item.name: rows for item in fields(facts) if isinstance(rows := getattr(facts, item.name), pl.DataFrame)
    }  # fmt: skip


def _key(rows: Frame) -> str:
    """Whose rows they are. A meter stands with its premises, a breach with its house."""
    for name in ("account_id", "house_id", "premises_id", "meter_id"):
        if name in rows.columns:
            return name
    raise ValueError(f"rows of nobody: {rows.columns}")


def _places(facts: Facts, meters: Frame) -> Printed:
    """Accounts by premises and by meter; a flat whose rooms have accounts belongs to its house only (no account)."""
    homes = facts.accounts.select("premises_id", "account_id", "house_id")
    flats = facts.rooms.join(homes, on="premises_id").select(
        pl.col("parent_id").alias("premises_id"), pl.lit(None, pl.Int64).alias("account_id"), "house_id"
    )
    homes = pl.concat([homes, flats.unique()])
    return {"premises_id": homes, "meter_id": meters.select("meter_id", "premises_id").join(homes, on="premises_id")}


def _of_reference(facts: Facts) -> int:
    """Tariffs, norms, laws: common to all, so a new one makes the next night a full one."""
    reference = facts.reference
    total = 0
    for item in fields(reference):
        rows: Frame = getattr(reference, item.name)
        total += int(rows.hash_rows(zlib.crc32(item.name.encode())).cast(pl.Decimal(38, 0)).sum() or 0)
    return total
