"""The audit trail of the console: whatever is done there leaves one row.

A page that does something and is not among `DOINGS` fails: say there how it is done.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import DatabaseError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import TOTP

from apps.api_tokens.clients import create_client
from apps.api_tokens.models import Client as Application
from apps.api_tokens.models import Scope, issue
from apps.audit.actions import Action
from apps.audit.actors import Kind
from apps.audit.models import AuditEntry
from apps.audit.trail import HIDDEN, record
from apps.auth_providers.models import AuthProvider
from apps.connections.models import Account, Connection
from apps.event_log.models import Event
from apps.operators.lockout import begin_attempt
from apps.operators.models import Authenticator, RecoveryCode
from apps.operators.second_factors import begin
from apps.webhooks.console.screens import SCREENS
from apps.webhooks.emit import emit
from apps.webhooks.models import Replay, Webhook, WebhookData
from tests.make import make_provider, make_user, make_webhook
from webhooks_project.embedded.launcher import run

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery staple"
FULL = "ALTER TABLE audit_auditentry ADD CONSTRAINT full_ CHECK (false) NOT VALID"


class Hand:
    """Somebody who may do everything, and what there is to do it to."""

    def __init__(self) -> None:
        self.client = Client(raise_request_exception=False)
        self.user = User.objects.create_superuser("hand", password=PASSWORD)
        self.client.force_login(self.user)
        self.webhook = make_webhook("https://example.org/")
        self.provider = AuthProvider.objects.get()
        self.unused = make_provider()
        self.person, self.temporary = make_user(), make_user(permanent=False)
        self.connection = Connection.objects.create(
            user=self.person, id_connector=40, fields='{"login": "ada"}'
        )
        self.account = Account.objects.create(
            connection=self.connection,
            found_number=0,
            found_at=timezone.now(),
            balance=0,
            id_type=2,
        )
        payload = {"a": "canary-of-the-payload"}
        self.event = Event.objects.get(pk=emit("CONNECTION_SYNCED", payload).event)
        self.delivery = WebhookData.objects.get()
        self.replay = Replay.objects.create(filters={}, rate=1, actor="somebody")

    def post(self, where: str, *arguments: Any, **data: Any) -> None:
        """A form is sent; the answer leads on."""
        reply = self.client.post(reverse(where, args=arguments), data, secure=True)
        assert reply.status_code == 302, reply.content.decode()[:4000]

    def act(self, model: type[Any], action: str, row: Any) -> None:
        """An action of a list, confirmed where it asks."""
        place = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        self.post(place, action=action, _selected_action=row.pk, post="yes")


def register(hand: Hand) -> None:
    form = {"event": "USER_CREATED", "url": "https://c.example/", "compression": ""}
    hand.post("admin:webhooks_webhook_add", **form)


def change(hand: Hand) -> None:
    form = {"event": "USER_CREATED", "url": "https://c.example/", "compression": ""}
    hand.post("admin:webhook_edit", hand.webhook.pk, **form)


def restore(hand: Hand) -> None:
    Webhook.objects.update(deleted_at=timezone.now())
    hand.post("admin:webhook_enable", hand.webhook.pk)


def revoke_token(hand: Hand) -> None:
    token, _ = issue("shop", [Scope.CONFIG])
    hand.post("admin:token_revoke", token.pk)


def rotate_token(hand: Hand) -> None:
    token, _ = issue("shop", [Scope.CONFIG])
    show(hand, "admin:token_rotate", token.pk, hours=24, seal="")


def issue_token(hand: Hand) -> None:
    show(hand, "admin:token_add", name="shop", scopes=["emit"], days=90)


def application() -> Application:
    return Application.objects.create(name="shop", client_id="1" * 15, sha256=b"")


def role() -> Group:
    return Group.objects.create(name="role")


def change_operator(hand: Hand) -> None:
    hand.post(
        "admin:auth_user_change",
        hand.user.pk,
        username="renamed",
        date_joined_0="2026-01-01",
        date_joined_1="00:00",
        last_login_0="2026-01-01",
        last_login_1="00:00",
        is_active="on",
        is_superuser="on",
        is_staff="on",
    )


def somebody() -> User:
    return User.objects.create(username="somebody")


def log_in(hand: Hand, password: str = PASSWORD) -> None:
    data = {"username": "hand", "password": password}
    hand.client = Client()
    url = reverse("admin:login")
    reply = hand.client.post(url, data, secure=True)
    assert reply.status_code == (302 if password == PASSWORD else 200)


def log_out(hand: Hand) -> None:
    assert hand.client.post(reverse("admin:logout"), secure=True).status_code == 200


def read_event(hand: Hand) -> None:
    url = reverse("admin:event_log_event_change", args=[hand.event.pk])
    page = hand.client.post(url, secure=True).content.decode()
    assert "canary-of-the-payload" in page


def read_delivery(hand: Hand) -> None:
    url = reverse("admin:payload", args=[hand.delivery.pk])
    page = hand.client.post(url, secure=True).content.decode()
    assert "canary-of-the-payload" in page


def send_test(hand: Hand) -> None:
    Webhook.objects.update(url="https://127.0.0.1:1/")
    show(hand, "admin:test_webhook", hand.webhook.pk)


def check_receiver(hand: Hand) -> None:
    Webhook.objects.update(url="https://127.0.0.1:1/")
    show(hand, "admin:check_receiver", hand.webhook.pk)


def get(hand: Hand, where: str, *arguments: Any) -> Any:
    return hand.client.get(reverse(where, args=arguments), secure=True)


def show(hand: Hand, where: str, *arguments: Any, **data: Any) -> None:
    """A form is sent whose answer is a page to be seen once."""
    reply = hand.client.post(reverse(where, args=arguments), data, secure=True)
    assert reply.status_code == 200


def backfill(hand: Hand) -> None:
    webhook = make_webhook("https://example.org/new")
    given = {"since": "2026-01-01T00:00", "rate": 5, "begin": ""}
    hand.post("admin:webhook_backfill", webhook.pk, **given)


def rotate_provider(hand: Hand) -> None:
    page = get(hand, "admin:provider_rotate", hand.provider.pk)
    seal = page.context["form"].initial["seal"]
    where = "admin:provider_rotate"
    show(hand, where, hand.provider.pk, when="now", seal=seal)


def try_provider(hand: Hand) -> None:
    config = {"url": "https://127.0.0.1:1/", "client_id": "a", "client_secret": "b"}
    provider = AuthProvider.objects.create(
        type="oauth", name="tried", config=json.dumps(config)
    )
    show(hand, "admin:provider_try", provider.pk)


def show_codes(hand: Hand, where: str) -> None:
    """A page is sent digits of the hand's app, and answers with recovery codes."""
    key = bytes.fromhex(Authenticator.objects.get(user=hand.user).key)
    show(hand, where, code=f"{TOTP(key).token():06d}")


def set_up(hand: Hand) -> None:
    begin(hand.user)
    show_codes(hand, "admin:two_factor_setup")


def renew_codes(hand: Hand) -> None:
    prove_second_factor(hand)
    show_codes(hand, "admin:two_factor_codes")


def remove_own(hand: Hand) -> None:
    code = prove_second_factor(hand)
    hand.post("admin:two_factor_remove", code=code)


def prove_second_factor(hand: Hand) -> str:
    """The hand has one from now on, which its session has proven; a recovery code."""
    mine = Authenticator.objects.create(user=hand.user)
    session = hand.client.session
    session[DEVICE_ID_SESSION_KEY] = mine.persistent_id
    session.save()
    sha256 = hashlib.sha256(b"lost").digest()
    RecoveryCode.objects.create(user=hand.user, sha256=sha256)
    return "lost"


def remove_lost(hand: Hand) -> None:
    other = somebody()
    Authenticator.objects.create(user=other)
    hand.post("admin:operator_two_factor_remove", other.pk)


def unlock(hand: Hand) -> None:
    other = somebody()
    begin_attempt(other.username, "192.0.2.1")
    hand.post("admin:operator_unlock", other.pk)


# What can be done, how, and the row that it leaves.
DOINGS: dict[str, tuple[Callable[[Hand], object], Action]] = {
    "admin:webhooks_webhook_add": (register, Action.WEBHOOK_CREATE),
    "admin:webhook_edit": (change, Action.WEBHOOK_UPDATE),
    "admin:webhook_enable": (restore, Action.WEBHOOK_RESTORE),
    "admin:config_change": (
        lambda hand: hand.post("admin:config_change", "autosync.cfonb", value="1"),
        Action.CONFIG_CHANGE,
    ),
    "admin:user_erase": (
        lambda hand: hand.post(
            "admin:user_erase", hand.person.pk, number=str(hand.person.pk)
        ),
        Action.USER_ERASE,
    ),
    "admin:token_add": (issue_token, Action.TOKEN_ISSUE),
    "admin:token_rotate": (rotate_token, Action.TOKEN_ROTATE),
    "admin:token_revoke": (revoke_token, Action.TOKEN_REVOKE),
    "api_tokens.client revoke_selected": (
        lambda hand: hand.act(Application, "revoke_selected", application()),
        Action.CLIENT_REVOKE,
    ),
    "auth.user add": (
        lambda hand: hand.post(
            "admin:auth_user_add",
            username="new",
            usable_password="true",
            password1=PASSWORD,
            password2=PASSWORD,
        ),
        Action.OPERATOR_CREATE,
    ),
    "auth.user change": (change_operator, Action.OPERATOR_UPDATE),
    "auth.user password": (
        lambda hand: hand.post(
            "admin:auth_user_password_change",
            hand.user.pk,
            usable_password="true",
            password1="another " + PASSWORD,
            password2="another " + PASSWORD,
        ),
        Action.OPERATOR_UPDATE,
    ),
    "auth.user delete": (
        lambda hand: hand.post("admin:auth_user_delete", somebody().pk, post="yes"),
        Action.OPERATOR_DELETE,
    ),
    "auth.user delete_selected": (
        lambda hand: hand.act(User, "delete_selected", somebody()),
        Action.OPERATOR_DELETE,
    ),
    "auth.group add": (
        lambda hand: hand.post("admin:auth_group_add", name="new"),
        Action.ROLE_CREATE,
    ),
    "auth.group change": (
        lambda hand: hand.post("admin:auth_group_change", role().pk, name="other"),
        Action.ROLE_UPDATE,
    ),
    "auth.group delete": (
        lambda hand: hand.post("admin:auth_group_delete", role().pk, post="yes"),
        Action.ROLE_DELETE,
    ),
    "auth.group delete_selected": (
        lambda hand: hand.act(Group, "delete_selected", role()),
        Action.ROLE_DELETE,
    ),
    "login": (log_in, Action.LOGIN),
    "login refused": (lambda hand: log_in(hand, "wrong"), Action.LOGIN_REFUSED),
    "logout": (log_out, Action.LOGOUT),
    "password": (
        lambda hand: hand.post(
            "admin:password_change",
            old_password=PASSWORD,
            new_password1="another " + PASSWORD,
            new_password2="another " + PASSWORD,
        ),
        Action.OPERATOR_PASSWORD,
    ),
}


def on(action: str, page: str, /, *rows: str, **data: Any) -> tuple[Any, Action]:
    """A POST to a page of ours, about rows that the hand has."""

    def do(hand: Hand) -> None:
        arguments = [getattr(hand, row).pk for row in rows]
        hand.post(f"admin:{page}", *arguments, **data)

    return do, Action(action)


CONNECT = {"id_connector": 40, "login": "ada", "accounts": 1, "transactions": 0}
SIGNED = {"name": "another"}
DOINGS |= {
    "admin:sandbox_temporary": on("user.create", "sandbox_temporary"),
    "admin:sandbox_permanent": on("user.create", "sandbox_permanent"),
    "admin:user_permanent": on("user.permanent", "user_permanent", "temporary"),
    "admin:user_delete": on("user.delete", "user_delete", "person"),
    "admin:user_connect": on("connection.create", "user_connect", "person", **CONNECT),
    "admin:connection_synchronise": on(
        "connection.sync", "connection_synchronise", "person", "connection"
    ),
    "admin:connection_delete": on(
        "connection.delete", "connection_delete", "person", "connection"
    ),
    "admin:account_enable": on("account.enable", "account_enable", "person", "account"),
    "admin:account_disable": on(
        "account.disable", "account_disable", "person", "account"
    ),
    "admin:two_factor_setup": (set_up, Action.TWO_FACTOR_ON),
    "admin:two_factor_codes": (renew_codes, Action.RECOVERY_CODES),
    "admin:two_factor_remove": (remove_own, Action.TWO_FACTOR_OFF),
    "admin:operator_unlock": (unlock, Action.OPERATOR_UNLOCK),
    "admin:operator_two_factor_remove": (remove_lost, Action.TWO_FACTOR_OFF),
    "admin:event_log_event_change": (read_event, Action.EVENT_READ),
    "admin:check_receiver": (check_receiver, Action.WEBHOOK_CHECK),
    "admin:webhook_pause": on("webhook.pause", "webhook_pause", "webhook", note="a"),
    "admin:webhook_resume": on("webhook.resume", "webhook_resume", "webhook"),
    "admin:test_webhook": (send_test, Action.WEBHOOK_TEST),
    "admin:payload": (read_delivery, Action.DELIVERY_READ),
    "admin:curl": (
        lambda hand: show(hand, "admin:curl", hand.delivery.pk),
        Action.DELIVERY_READ,
    ),
    "admin:resend": on("replay.start", "resend", "delivery"),
    "admin:webhook_disable": on("webhook.delete", "webhook_disable", "webhook"),
    "admin:webhook_flush": on("webhook.flush", "webhook_flush", "webhook"),
    "admin:webhook_recover": on(
        "replay.start",
        "webhook_recover",
        "webhook",
        since="2026-01-01T00:00",
        states="never_attempted",
        rate=5,
        begin="",
    ),
    "admin:webhook_backfill": (backfill, Action.REPLAY_BACKFILL),
    "admin:replay_add": on(
        "replay.start", "replay_add", states="never_attempted", rate=5, begin=""
    ),
    "admin:replay_pause": on("replay.pause", "replay_pause", "replay"),
    "admin:replay_resume": on("replay.resume", "replay_resume", "replay"),
    "admin:replay_cancel": on("replay.cancel", "replay_cancel", "replay"),
    "admin:provider_add": (
        lambda hand: show(hand, "admin:provider_add", name="new"),
        Action.PROVIDER_CREATE,
    ),
    "admin:provider_edit": on("provider.update", "provider_edit", "provider", **SIGNED),
    "admin:provider_rotate": (rotate_provider, Action.PROVIDER_ROTATE),
    "admin:provider_delete": on("provider.delete", "provider_delete", "unused"),
    "admin:provider_try": (try_provider, Action.PROVIDER_TRY),
}
# What is pasted there is read, and nothing done with it.
READS_ONLY = {"admin:debugger"}
# Of Django's site, not of a list or a page of ours.
BESIDES = {"login", "login refused", "logout", "password", "auth.user password"}


class AuditTrail:
    """The rows since a moment."""

    before = 0

    @classmethod
    def start(cls) -> None:
        newest = AuditEntry.objects.order_by("-pk").first()
        cls.before = newest.pk if newest else 0

    @classmethod
    def entries(cls) -> list[AuditEntry]:
        return list(AuditEntry.objects.filter(pk__gt=cls.before))


@pytest.fixture
def hand() -> Hand:
    made = Hand()
    AuditTrail.start()
    return made


def possible() -> Iterator[str]:
    """What a superuser can do in lists, forms and pages."""
    request = RequestFactory().get("/admin/")
    request.user = User(is_superuser=True, is_staff=True, is_active=True)
    for model, page in admin.site._registry.items():
        label = f"{model._meta.app_label}.{model._meta.model_name}"
        if page.has_add_permission(request):
            yield f"{label} add"
        if page.has_change_permission(request, model()):
            yield f"{label} change"
        if page.has_delete_permission(request, model()):
            yield f"{label} delete"
        for action in page.get_actions(request):
            yield f"{label} {action}"
    for screen in SCREENS:
        for each in screen.pages:
            if hasattr(each.view, "post"):
                yield f"admin:{each.name}"


def test_whatever_can_be_done_is_known_here():
    assert set(possible()) - READS_ONLY == set(DOINGS) - BESIDES


@pytest.mark.parametrize("name", DOINGS)
def test_each_doing_is_one_row_that_says_who_did_it(name: str, hand: Hand):
    do, action = DOINGS[name]
    do(hand)
    (entry,) = AuditTrail.entries()
    assert entry.action == action
    assert entry.actor_kind == Kind.CONSOLE
    assert entry.actor_id == (None if name == "login refused" else hand.user.pk)
    assert (entry.address, entry.request_id is None) == ("127.0.0.1", False)
    assert "hand" not in f"{entry.old}{entry.new}{entry.actor_label}"
    assert PASSWORD not in f"{entry.old}{entry.new}"


@pytest.mark.parametrize("name", DOINGS)
def test_what_cannot_be_recorded_is_not_done(name: str, hand: Hand):
    """A failure of the trail takes the change with it: they are one transaction."""
    do, _ = DOINGS[name]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(FULL)
        try:
            with transaction.atomic():
                do(hand)
        except (AssertionError, DatabaseError):
            failed = True
        else:
            failed = False
        transaction.set_rollback(True)
    assert failed
    assert AuditTrail.entries() == []


@pytest.mark.django_db(transaction=True)
def test_a_command_is_its_operators_doing_by_number():
    AuditTrail.start()
    run(["manage.py", "create_client", "shop"])
    (entry,) = AuditTrail.entries()
    assert (entry.actor_kind, entry.actor_label) == (Kind.COMMAND, "create_client")
    assert (entry.actor_id, entry.request_id) == (os.getuid(), None)


def test_what_nobody_claims_was_the_service_itself():
    AuditTrail.start()
    create_client("shop")
    (entry,) = AuditTrail.entries()
    assert (entry.actor_kind, entry.actor_id) == (Kind.SYSTEM, None)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_recorded_outside_of_a_transaction():
    with pytest.raises(TransactionManagementError, match="in no transaction"):
        record(Action.FLUSH)
    assert not AuditEntry.objects.exists()


def test_only_what_differs_is_kept_and_secrets_are_hidden():
    AuditTrail.start()
    record(
        Action.PROVIDER_UPDATE,
        3,
        old={"name": "a", "secret_key": "canary", "url": "https://u:canary@x.example/"},
        new={
            "name": "a",
            "secret_key": "canary2",
            "url": "https://x.example/in?key=canary&b=#canary",
            "list": "canary",
        },
        hide={"list"},
    )
    (entry,) = AuditTrail.entries()
    assert entry.old == {"secret_key": HIDDEN, "url": "https://x.example/"}
    assert entry.new == {
        "secret_key": HIDDEN,
        "url": f"https://x.example/in?key={HIDDEN}&b={HIDDEN}",
        "list": HIDDEN,
    }


def test_a_row_leads_to_what_it_is_about(hand: Hand):
    record(Action.REPLAY_START, hand.replay.pk)
    (line, *_) = get(hand, "admin:audit").context["lines"]
    assert line.target_url == reverse("admin:replay", args=[hand.replay.pk])
