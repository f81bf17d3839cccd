"""The rehearsal: a whole apply against a simulator on this machine, without an account."""
