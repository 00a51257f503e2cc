using FnnBench;

// Our time beside TorchSharp's, in one process. Usage: FnnBench list | all | <workload> [--threads N] [--rounds N] [--only TEXT] [--json]
return BenchCommand.Create().Parse(args).Invoke();
