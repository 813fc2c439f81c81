"""What the help pages show as examples, by command; a test runs every one of them."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "init": ("optout init", "optout init --registry museum.db --origin optout.museum.example"),
    "add": (
        "optout add url https://anna.example/harbour.jpg",
        "optout add site anna.example",
        "optout add image photos/*.jpg",
        "optout add account instagram:anna",
        "optout add prefix https://gallery.example/members/anna",
        "optout add work isbn:978-3-16-148410-0",
        "optout add url @addresses.txt",
    ),
    "import": (
        "optout import works.csv",
        "optout import addresses.parquet --kind url --column image_url",
        "optout import handles.txt --kind account --grade account --skip-bad",
        "optout import hashes.json --feed stopncii --format stopncii",
    ),
    "calibrate": (
        "optout calibrate photographs/ --dry-run",
        "optout calibrate photographs/ 'crawl/*.parquet' --most 3",
    ),
    "withdraw": ("optout withdraw 17", "optout withdraw 3 4 5 --why 'asked by mail'"),
    "restore": ("optout restore 17 --why 'reviewed: a photograph of its own'",),
    "erase": ("optout erase 17",),
    "snapshot": ("optout snapshot snapshot",),
    "export": (
        "optout export hashes.csv",
        "optout export hashes.json --format stopncii --overwrite",
        "optout export hashes.json --snapshot snapshot",
    ),
    "backup": ("optout backup monday.backup",),
    "recover": ("optout recover monday.backup --registry postgresql://optout@localhost/optout",),
    "review": (
        "optout review",
        "optout review accept 17",
        "optout review decline 17 --because 'the page names somebody else'",
        "optout review uphold H3PX-77QA --because 'a court order was shown'",
        "optout review reject H3PX-77QA --because 'the statement names another picture'",
    ),
    "keys": (
        "optout keys add 'Harbour Models' --for read",
        "optout keys add 'Museum of Harbours' --for upload --domain museum.example",
        "optout keys list",
        "optout keys end 1f0c6e2b",
    ),
    "inspect": ("optout inspect corpus/",),
    "filter": (
        "optout filter corpus/ --snapshot snapshot --out clean",
        "optout filter corpus/ --snapshot snapshot --out clean --dry-run",
        "optout filter corpus/ --snapshot snapshot --out mask --mode mask",
        "optout filter 'corpus/*.parquet' -s snapshot --out clean --column url=source",
        "optout filter @shards.txt -s https://optout.example/snapshot --out clean --json",
    ),
    "apply": ("optout apply mask",),
    "explain": ("optout explain clean laion.parquet 1432",),
    "report": (
        "optout report clean --corpus 'Harbours 2026'",
        "optout report clean --corpus 'Harbours 2026' --to https://optout.example",
    ),
    "verify": (
        "optout verify clean --snapshot snapshot",
        "optout verify clean --snapshot snapshot --input corpus/ --exhaustive",
    ),
    "check": (
        "optout check url https://anna.example/harbour.jpg --snapshot snapshot",
        "optout check image copy.jpg --snapshot snapshot",
    ),
    "audit": ("optout audit snapshot", "optout audit snapshot --key 'optout.local+…'"),
    "settings": ("optout settings", "optout settings --json"),
    "serve": ("optout serve", "optout serve --host 0.0.0.0 --port 80 --registry museum.db"),
    "warm": ("optout warm",),
    "demo": ("optout demo", "optout demo /tmp/optout-demo"),
}
