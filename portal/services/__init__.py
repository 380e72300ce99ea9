"""What changes the control plane's people: each module one matter, each function one change, audited."""
