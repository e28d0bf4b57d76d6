"""The page of the audit trail, for managers."""

from datetime import date, datetime, time, timedelta

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from foundation.roles import AuthenticatedRequest, manager_required
from silverfox.audit_trail import Question, object_types, read_trail

EVENTS_PER_PAGE = 100
LAST_PAGE = 1000


def choices() -> list[tuple[str, str]]:
    return [("", "Everything"), *((name, name) for name in object_types())]


class QuestionForm(forms.Form):
    """What the page can be asked for; nothing chosen asks for all."""

    q = forms.CharField(label="Find", required=False, max_length=100)
    who = forms.CharField(label="Who", required=False, max_length=150)
    about = forms.ChoiceField(label="About", required=False, choices=choices)
    since = forms.DateField(label="From", required=False, widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput({"type": "date"}))
    page = forms.IntegerField(required=False, min_value=1, max_value=LAST_PAGE, widget=forms.HiddenInput)

    def question(self) -> Question:
        """The days are whole days of the shop."""
        data = self.cleaned_data
        until = data["until"] and data["until"] + timedelta(days=1)
        return Question(
            since=start_of(data["since"]),
            until=start_of(until),
            actor=data["who"],
            object_type=data["about"],
            text=data["q"],
        )


def start_of(day: date | None) -> datetime | None:
    """Midnight of the shop at which the day begins."""
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None


@require_safe
@manager_required
def audit_list(request: AuthenticatedRequest) -> HttpResponse:
    """Who did what, when, and what it was before; newest first."""
    form = QuestionForm(request.GET)
    if not form.is_valid():
        return render(request, "audit_list.html", {"form": form}, status=422)
    page = form.cleaned_data["page"] or 1
    first = (page - 1) * EVENTS_PER_PAGE
    events = read_trail(question=form.question(), first=first, count=EVENTS_PER_PAGE + 1)
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "events": events[:EVENTS_PER_PAGE],
        "page": page,
        "older": page + 1 if len(events) > EVENTS_PER_PAGE and page < LAST_PAGE else None,
        "query": query.urlencode(),
        "is_filtered": any(query.values()),
    }
    return render(request, "audit_list.html", context)
