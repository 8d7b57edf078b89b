"""Print batches: order, manifest, a killed process, several at once."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pikepdf
import pytest
from django.conf import settings
from django.db import connection, transaction

import payments.queries
from accounts.calendar import Month
from accounts.models import Run
from epd import operations, queries
from epd.models import Delivery, PaymentDocument, PrintBatch, PrintState, Way
from epd.operations import PrintRefused
from epd.queries import printing
from tests import make

OCTOBER = Month(date(2026, 10, 1))


def issued(count):
    """Documents of so many accounts, each in a house of its own."""
    make.agent()
    contract = make.contract()
    accounts = [make.account() for _ in range(count)]
    with transaction.atomic():
        for number, account in enumerate(accounts):
            make.ink(account, contract, 2, OCTOBER, f"{500 + number}.00")
    for number, account in enumerate(accounts):
        account.house.route = count - number
        account.house.save(update_fields=["route"])
    operations.issue_month(month=OCTOBER, day=date(2026, 11, 3))
    return accounts


def printed(run_id):
    while operations.print_next(run_id):
        pass
    return operations.finish_print(run_id)


@pytest.mark.django_db
def test_batches_stand_in_the_order_of_routes(tmp_path):
    accounts = issued(3)
    run_id = operations.start_print(month=OCTOBER, folder=tmp_path, batch=2)
    assert printed(run_id)
    told = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert [batch["documents"] for batch in told["batches"]] == [2, 1]
    assert told["total"] == "1503.00"
    assert told["documents"] == 3
    assert told["batches"][0]["first"] == f"{accounts[2].number}-202610-1"  # route 1
    assert told["batches"][1]["last"] == f"{accounts[0].number}-202610-1"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "2026-10-0001.pdf", "2026-10-0002.pdf", "manifest.json", "manifest.xlsx",
    ]  # fmt: skip
    for batch in told["batches"]:
        with pikepdf.open(tmp_path / batch["file"]) as pdf:
            assert len(pdf.pages) == batch["pages"] == 2 * batch["sheets"]
    run = Run.objects.get(pk=run_id)
    assert (run.state, run.done, run.counts["total"]) == ("done", 3, "1503.00")


@pytest.mark.django_db
def test_only_papers_are_printed_in_the_order_of_the_carriers_and_sums_are_those_of_the_balances(tmp_path):
    accounts = issued(3)
    in_cabinet = PaymentDocument.objects.get(account=accounts[1])
    for document in PaymentDocument.objects.all():
        way = Way.CABINET if document == in_cabinet else Way.PAPER
        Delivery.objects.update_or_create(document=document, defaults={"way": way})
    papers = queries.papers_of_month(month=OCTOBER)
    run_id = operations.start_print(month=OCTOBER, folder=tmp_path)
    (batch,) = PrintBatch.objects.filter(run_id=run_id)
    numbers = dict(PaymentDocument.objects.values_list("pk", "number"))
    assert [numbers[one] for one in batch.document_ids] == [paper.number for paper in papers]
    assert in_cabinet.pk not in batch.document_ids
    assert printed(run_id)
    owed = sum(
        payments.queries.balance(account_id=account.pk, on=OCTOBER.next.first) for account in (accounts[0], accounts[2])
    )
    told = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert Decimal(told["total"]) == owed == Decimal("1002.00")


@pytest.mark.django_db
def test_a_printing_without_documents_is_refused(tmp_path):
    with pytest.raises(PrintRefused, match="issue 2026-10"):
        operations.start_print(month=OCTOBER, folder=tmp_path)
    assert not PrintBatch.objects.exists()
    assert not Run.objects.exists()


@pytest.mark.django_db
def test_what_was_broken_off_goes_on_from_the_last_finished_batch(tmp_path):
    issued(3)
    run_id = operations.start_print(month=OCTOBER, folder=tmp_path, batch=1)
    assert operations.print_next(run_id)
    first = PrintBatch.objects.get(run=run_id, number=1)
    assert first.state == PrintState.DONE
    assert not operations.finish_print(run_id)
    (tmp_path / "2026-10-0002.pdf.part").write_bytes(b"half")
    again = operations.start_print(month=OCTOBER, folder=tmp_path, batch=1)
    assert again == run_id
    assert Run.objects.get(pk=run_id).done == 1
    assert printed(run_id)
    assert PrintBatch.objects.get(run=run_id, number=1).finished_at == first.finished_at
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.django_db
def test_a_stopped_printing_prints_no_more(tmp_path):
    issued(2)
    run_id = operations.start_print(month=OCTOBER, folder=tmp_path, batch=1)
    Run.objects.filter(pk=run_id).update(state="cancelled")
    assert not operations.print_next(run_id)
    assert not operations.finish_print(run_id)
    assert not (tmp_path / "manifest.json").exists()
    assert not PrintBatch.objects.filter(state=PrintState.DONE).exists()


@pytest.mark.django_db
def test_the_page_knows_no_time_before_it_has_a_pace(tmp_path):
    issued(1)
    run_id = operations.start_print(month=OCTOBER, folder=tmp_path)
    from django.utils import timezone

    (row,) = printing.printings(now=timezone.now())
    assert (row.run_id, row.percent, row.left, row.is_alive) == (run_id, 0, None, True)


HAND = """
import sys, time, django
django.setup()
from epd import operations, quick
made = quick.Bundle.add
def slowly(*arguments, **named):
    print("drawing", flush=True)
    time.sleep(60)
quick.Bundle.add = slowly
operations.print_next(int(sys.argv[1]))
"""


@pytest.mark.django_db(transaction=True)
def test_a_killed_process_leaves_its_batch_to_the_next(tmp_path):
    issued(2)
    run_id = operations.start_print(month=OCTOBER, folder=tmp_path, batch=1)
    facts = connection.settings_dict
    address = f"postgres://{facts['USER']}@{facts['HOST']}:{facts['PORT']}/{facts['NAME']}"
    hand = subprocess.Popen(
        [sys.executable, "-c", HAND, str(run_id)],
        env={**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=Path(settings.BASE_DIR), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        for line in hand.stdout:
            if line.strip() == "drawing":
                break
        assert operations.print_next(run_id)  # ours is the other batch: the first is held
        assert list(PrintBatch.objects.filter(state=PrintState.DONE).values_list("number", flat=True)) == [2]
        assert not operations.print_next(run_id)
    finally:
        hand.send_signal(signal.SIGKILL)
        hand.wait()
    for _ in range(50):
        if operations.print_next(run_id):
            break
        time.sleep(0.1)  # the server notices that the process is gone
    assert operations.finish_print(run_id)
    told = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert sum(Decimal(batch["total"]) for batch in told["batches"]) == Decimal("1001.00")
