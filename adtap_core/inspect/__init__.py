"""What no sync needs: check, plan, explain, coverage, reconciliation and shards. Nothing in `sync` imports it."""
