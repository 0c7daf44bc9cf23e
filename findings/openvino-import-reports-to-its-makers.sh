#!/usr/bin/env bash
# OpenVINO for Python says that it was imported: `import openvino` alone makes the package
# openvino-telemetry, which is one of its requirements, send an event. No model has been loaded yet,
# and nobody was asked. Without that package, or with sys.modules["openvino_telemetry"] = None, a
# stub takes its place, and everything else works.
#
# A guess would be: only the command-line tools report, or a library reports after somebody agreed.
# The event is not sent here: the method that would send it is replaced and counts its calls.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    openvino==2026.4.1 openvino-telemetry==2025.2.0 numpy==2.2.6
cat >"$folder/count.py" <<'PY'
import sys

events = []
if "hidden" in sys.argv:
    sys.modules["openvino_telemetry"] = None
else:
    import openvino_telemetry

    def keep(self, category, action, label, *more, **named):
        events.append((category, action, label))

    openvino_telemetry.Telemetry.send_event = keep

import openvino

print(openvino.__version__.split("-")[0], "CPU" in openvino.Core().available_devices, events)
PY
cd "$folder"
for how in visible hidden; do
    "$folder/venv/bin/python" count.py "$how" 2>"$folder/errors" | tee "$folder/$how"
done
grep -qx "2026.4.1 True \[('ov', 'import', 'general_import')\]" visible
grep -qx "2026.4.1 True \[\]" hidden
echo "OpenVINO 2026.4.1 reports its import, unless openvino_telemetry cannot be imported"
