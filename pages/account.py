"""One's own account: who one is here, a new password, the end of every sign-in."""

from gvrc.ui import desk, own_account, show

seat = desk.take(desk.Permission.READ, even_with_given_password=True)
show.heading(seat, "account")
own_account.account(seat)
