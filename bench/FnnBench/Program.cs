using System.Runtime.CompilerServices;
using FnnBench;
using FnnBench.Workloads;

// Our time beside TorchSharp's, in one process. Usage: FnnBench list | all | <workload> [--threads N] [--rounds N] [--only TEXT] [--json]
if (args is [TorchFirstStep.Argument, var threads]) return TorchFirstStep.Run(threads);
return Run(args);

// A method of its own: a process for a first step must not load the command line's assembly.
[MethodImpl(MethodImplOptions.NoInlining)]
static int Run(string[] args) => BenchCommand.Create().Parse(args).Invoke();
