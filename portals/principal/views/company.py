"""Учётная запись: the company's own people, invited, given roles, sent away at once; only its manager may."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.errors import Refusal
from portals import access, asked
from portals.models import PrincipalRole
from portals.operations import company
from portals.principal import queries
from portals.principal.views.books import Scope
from portals.principal.views.rooms import page, refuse, status_of, worker

MAY = {
    PrincipalRole.MANAGER: "видит всё, меняет данные счетов, управляет сотрудниками",
    PrincipalRole.ACCOUNTANT: "видит всё, загружает поступления и показания, подписывает акты",
    PrincipalRole.OPERATOR: "видит всё, загружает показания, меняет данные счетов",
}


class InviteForm(forms.Form):
    use_required_attribute = False
    email = forms.EmailField(
        label="Эл. почта сотрудника", widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Укажите адрес.", "invalid": "Это не похоже на адрес почты. Проверьте его."},
    )  # fmt: skip
    role = forms.TypedChoiceField(label="Роль", choices=PrincipalRole.choices, coerce=int)


@page
def people(request: HttpRequest, scope: Scope) -> HttpResponse:
    """Own people and letters that wait; a manager sees the buttons."""
    principals = list(dict.fromkeys(contract.principal for contract in scope.all))
    wanted = asked.number(request.GET.get("principal", "")) or principals[0].pk
    principal = next((one for one in principals if one.pk == wanted), None)
    if principal is None:
        raise Http404("Нет такой организации.")
    is_manager = principal.pk in access.managed_principals_for(request.user)
    form = InviteForm(initial={"role": int(PrincipalRole.ACCOUNTANT)})
    if request.method == "POST":
        if not is_manager:
            raise Http404("Нет такой страницы.")
        if request.POST.get("action") == "invite":
            form = InviteForm(request.POST)
        try:
            if text := acted(request, principal.pk, form):
                messages.success(request, text)
                return redirect(f"{reverse('principal:people')}?principal={principal.pk}")
        except Refusal as refusal:
            if request.POST.get("action") != "invite":
                messages.error(request, str(refusal))
                return redirect(f"{reverse('principal:people')}?principal={principal.pk}")
            refuse(form, refusal)
    context = {
        "tab": "people", "scope": scope, "principal": principal, "principals": principals, "form": form,
        "is_manager": is_manager, "rows": queries.people(principal.pk), "roles": PrincipalRole.choices,
        "letters": queries.invitations(principal.pk) if is_manager else [],
        "may": [(role.label, text) for role, text in MAY.items()],
    }  # fmt: skip
    return render(request, "principal/people.html", context, status=status_of(form))


def acted(request: HttpRequest, principal_id: int, form: InviteForm) -> str:
    """What was done, in Russian; nothing when the form has to be mended."""
    by, at = worker(request), timezone.now()
    action, row = request.POST.get("action", ""), asked.number(request.POST.get("row", "")) or 0
    if action == "invite":
        if not form.is_valid():
            return ""
        made = company.invite(
            principal_id=principal_id, email=form.cleaned_data["email"], role=form.cleaned_data["role"], by=by, at=at,
            today=timezone.localdate(),
            link=lambda token: request.build_absolute_uri(reverse("principal:join", args=[token])),
        )  # fmt: skip
        return f"Письмо отправлено на {made.email}. Ссылка в нём действует по {made.expires_on:%d.%m.%Y}."
    if action == "take_back":
        company.take_back(principal_id=principal_id, invitation_id=row, by=by, at=at)
        return "Приглашение отозвано: ссылка из письма больше не действует."
    if action == "role":
        role = asked.number(request.POST.get("role", "")) or 0
        done = company.change_role(principal_id=principal_id, access_id=row, role=role, by=by)
        return f"{done.user}: теперь {done.get_role_display()}."
    if action == "withdraw":
        gone = company.withdraw(principal_id=principal_id, access_id=row, by=by, at=at)
        return f"Доступ отозван: {gone.user}. Следующая же страница ему не откроется."
    raise Http404("Нет такого действия.")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the letter: whoever opens it logs in and says yes."""
    today = timezone.localdate()
    found = company.invitation(token, today=today)
    if found is None:
        raise Http404("Приглашение больше не действует.")
    if request.method == "POST":
        try:
            company.accept(token=token, by=worker(request), at=timezone.now(), today=today)
            messages.success(request, f"Доступ открыт: {found.principal.short_name}, {found.get_role_display()}.")
            return redirect("principal:home")
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("home")
    return render(request, "principal/join.html", {"found": found})
