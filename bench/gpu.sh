#!/usr/bin/env bash
# Checks and measures the GPU backend on a machine with a GPU: all programs against the interpreter and the processor, what the device can do, launches, training steps
# beside PyTorch where python3 with torch is found. Prints tables and writes one JSON object a line for each row.
#
#   bench/gpu.sh publish [FOLDER]    on a machine with .NET: makes FOLDER/gpu-bench.tar.gz (default: the present folder), which needs no .NET where it is unpacked
#   gpu-bench/gpu.sh [options]       in the unpacked archive, on the machine with the GPU (x64 Linux)
#   bench/gpu.sh [options]           the same in the repository, where .NET is
#
# Options are those of the program: --device, --parts, --only, --json, --help. Exit code 1: something failed, 2: there is no GPU.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
most_bytes=$((64 * 1024 * 1024))

publish() {
    local target archive bytes
    target="$(mkdir -p "$1" && cd "$1" && pwd)"
    folder="$(mktemp -d)"
    trap 'rm -rf "$folder"' EXIT
    dotnet publish "$here/GpuBench" -c Release -p:ForGpuMachine=true -o "$folder/gpu-bench/program" -v q -nologo
    # Symbols are of no use where nobody debugs.
    find "$folder/gpu-bench/program" -name '*.pdb' -delete
    cp "$here/gpu.sh" "$folder/gpu-bench/"
    archive="$target/gpu-bench.tar.gz"
    tar -C "$folder" -czf "$archive" gpu-bench
    bytes="$(wc -c < "$archive")"
    if [ "$bytes" -ge "$most_bytes" ]; then
        echo "$archive has $bytes bytes, which is more than the $most_bytes that it may have." >&2
        exit 1
    fi
    echo "$archive, $bytes bytes: unpack it on the machine with the GPU and run gpu-bench/gpu.sh"
}

if [ "${1-}" = publish ]; then
    publish "${2-.}"
elif [ -x "$here/program/GpuBench" ]; then
    exec "$here/program/GpuBench" "$@"
elif command -v dotnet > /dev/null; then
    exec dotnet run -c Release --project "$here/GpuBench" -- "$@"
else
    echo "There is no .NET here. Run 'bench/gpu.sh publish' where it is, and unpack the archive here." >&2
    exit 1
fi
