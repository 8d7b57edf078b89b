"""What changes the charges: months open and are posted, drafts are computed by blocks, lines come from above."""

from billing.operations.above import DraftLine, DraftRefused, draft_charges
from billing.operations.corrections import (
    CorrectionRefused,
    MassOrder,
    MassPlan,
    PlannedCorrection,
    correct_houses,
    plan_correction,
    reverse_correction,
)
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
from billing.operations.imports import undo_import
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
    refuse_not_begun,
    release_hold,
)
from billing.operations.recalculations import recalculate
from billing.operations.unauthorised import (
    ActRefused,
    UnauthorisedAct,
    charge_unauthorised,
    plan_unauthorised,
    reverse_unauthorised,
)
from billing.operations.yearly import YearNotOver, correct_heating, settle_year, true_up_common_use

__all__ = [
    "ActRefused", "BillingSummary", "CorrectionRefused", "DraftLine", "DraftRefused", "HoldRefused", "MassOrder",
    "MassPlan", "MonthNotOpen", "PlannedCorrection", "PostingRefused", "PostingSummary", "RunBroken",
    "UnauthorisedAct", "YearNotOver", "bill_next_block", "charge_unauthorised", "close_contract_months",
    "correct_heating", "correct_houses", "draft_charges", "finish_if_done", "hold_account", "hold_anomaly",
    "mark_issued", "open_due_month", "open_month", "plan_correction", "plan_unauthorised", "post_month",
    "recalculate", "redraft_account", "redraft_touched", "refuse_not_begun", "release_hold", "reverse_correction",
    "reverse_unauthorised", "run_billing", "settle_year", "start_billing_run", "true_up_common_use", "undo_import",
]  # fmt: skip
