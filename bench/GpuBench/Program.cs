using GpuBench;

// Checks and measures the GPU backend on this machine: see bench/gpu.sh.
return GpuBenchCommand.Create().Parse(args).Invoke();
