"""Refusal: understood, and the answer is no. And what the system says against a file, in Russian."""

import errno

REASONS = {
    errno.ENOENT: "такого файла или папки нет",
    errno.EISDIR: "это папка, а нужен файл",
    errno.ENOTDIR: "на пути стоит файл, а нужна папка",
    errno.EEXIST: "на этом месте уже стоит файл",
    errno.EACCES: "нет прав",
    errno.EPERM: "нет прав",
    errno.EROFS: "диск только для чтения",
    errno.ENOSPC: "на диске нет места",
    errno.ENAMETOOLONG: "имя слишком длинное",
}


class Refusal(Exception):
    """An expected "no". Its text is Russian and fit for a resident: what is wrong, where, what to do.

    Subclasses live beside the operation that raises them. Everything else is a fault: let it fly.
    """

    def __init__(self, text: str, *, field: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.field = field


def reason_of(fault: OSError) -> str:
    """What the system says against a file, in Russian."""
    return REASONS.get(fault.errno or 0, f"отказ системы {fault.errno}")
