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
    # the courier's day
    "act.day": ("День курьера", "Courier's day"),
    "action.day_not_open": ("Возьмите размен и начните его.", "Take the float and begin it."),
    "action.day_unfinished": ("Сначала разберите этот чек.", "Resolve that receipt first."),
    "day.title": ("День курьера", "Courier's day"),
    "day.none": ("Дня ещё не было. Возьмите размен и начните его.", "There was no day yet. Take the float and begin."),
    "day.begin": ("Начать день", "Begin the day"),
    "day.hand_in": ("Сдать наличные", "Hand the cash in"),
    "day.float": ("Размен взят", "Float taken"),
    "day.counted": ("Посчитано наличных", "Cash counted"),
    "day.sum": ("Сумма", "Sum"),
    "day.courier": ("Курьер", "Courier"),
    "day.receiver": ("Принял", "Received by"),
    "day.why": ("Почему разница", "Why it differs"),
    "day.agrees": ("Сходится.", "It agrees."),
    "day.differs": ("Должно быть {should}, разница {sum}.", "It should be {should}, the difference is {sum}."),
    "day.name_courier": ("Назовите курьера", "Name the courier"),
    "day.name_receiver": ("Кто принял – не курьер", "Who receives, not the courier"),
    "day.name_why": ("Назовите причину разницы", "Say why it differs"),
    "day.do_begin": ("Начать с разменом {sum}", "Begin with {sum}"),
    "day.do_hand_in": ("Сдать {sum}, подписать", "Hand in {sum}, sign"),
    "day.begun": ("День начат.", "The day has begun."),
    "day.closed": ("Наличные сданы, лист подписан обоими.", "The cash is handed in, both have signed."),
    "help.key.Shift+F5": ("Shift+F5", "Shift+F5"),
    "help.does.Shift+F5": ("День курьера: размен, лист, сдача.", "The courier's day: float, sheet, handing in."),
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
