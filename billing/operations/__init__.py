"""What changes the charges: months open and are posted, drafts are computed by blocks, lines come from above."""

from billing.operations.above import DraftLine, DraftRefused, draft_charges
from billing.operations.drafts import (
    BillingSummary,
    MonthNotOpen,
    RunBroken,
    bill_next_block,
    finish_if_done,
    open_due_month,
    redraft_account,
    redraft_touched,
    run_billing,
    start_billing_run,
)
from billing.operations.months import (
    HoldRefused,
    PostingRefused,
    PostingSummary,
    close_contract_months,
    hold_account,
    hold_anomaly,
    mark_issued,
    open_month,
    post_month,
    release_hold,
)
from billing.operations.recalculations import recalculate
from billing.operations.yearly import YearNotOver, correct_heating, settle_year, true_up_common_use

__all__ = [
    "BillingSummary", "DraftLine", "DraftRefused", "HoldRefused", "MonthNotOpen", "PostingRefused", "PostingSummary",
    "RunBroken", "YearNotOver", "bill_next_block", "close_contract_months", "correct_heating", "draft_charges",
    "finish_if_done", "hold_account", "hold_anomaly", "mark_issued", "open_due_month", "open_month", "post_month",
    "recalculate", "redraft_account", "redraft_touched", "release_hold", "run_billing", "settle_year",
    "start_billing_run", "true_up_common_use",
]  # fmt: skip
