"""The sentences of drawer and courier's day. Form and tone: `catalogue`."""

from __future__ import annotations

DAY_TEXTS: dict[str, tuple[str, str]] = {
    # the counters of the register
    "counters.differ": (
        "Счётчики ККТ не сходятся с журналом, продажи остановлены. Смена {shift}.",
        "The register's counters and the journal differ, selling has stopped. Shift {shift}.",
    ),
    "action.counters_differ": (
        "{what}\nСтаршему: сравнить с X-отчётом и чеками, потом «Разобрать».",
        "{what}\nSenior: compare with an X report and the receipts, then Resolve.",
    ),
    # the drawer
    "act.cash_in": ("Внести", "Cash in"),
    "act.cash_out": ("Выплатить", "Cash out"),
    "drawer.cash_in": ("Внести наличные в ящик", "Put cash into the drawer"),
    "drawer.cash_out": ("Выплатить наличные из ящика", "Take cash out of the drawer"),
    "drawer.amount": ("Сумма", "Sum"),
    "drawer.asking": ("Спрашиваем ККТ, сколько в ящике…", "Asking the register what is in the drawer…"),
    "drawer.now": ("В ящике ККТ сейчас {sum}.", "The register's drawer holds {sum}."),
    "drawer.after": ("Станет {sum}.", "It will be {sum}."),
    "drawer.short": ("В ящике только {sum}.", "The drawer holds only {sum}."),
    "drawer.type": ("Введите сумму", "Type the sum"),
    "drawer.busy": ("ККТ записывает…", "The register writes it…"),
    "drawer.do.cash_in": ("Внести · {sum}", "Cash in · {sum}"),
    "drawer.do.cash_out": ("Выплатить · {sum}", "Cash out · {sum}"),
    "drawer.done.cash_in": ("Внесено {sum}, в ящике {drawer}.", "{sum} put in, the drawer holds {drawer}."),
    "drawer.done.cash_out": ("Выплачено {sum}, в ящике {drawer}.", "{sum} taken out, the drawer holds {drawer}."),
}
