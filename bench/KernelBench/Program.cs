using System.Globalization;
using System.Runtime.Intrinsics;
using FeedbackNN.Cpu;
using KernelBench;

// Prints what the kernels reach on this machine next to what it can do at best. Usage: KernelBench [part of a shape's name]
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var wanted = args.Length > 0 ? args[0] : "";
var pool = WorkerPool.Shared;
Console.WriteLine($"{pool.Threads} threads, vectors of {(Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128)} bits");
var peak = FusedMultiplyAddPeak.Measure(pool);
Console.WriteLine($"fused multiply-add peak   {peak,8:F0} GFLOP/s");
Console.WriteLine($"fork and join             {ForkJoin.Measure(pool),8:F0} ns");
Console.WriteLine();
Console.WriteLine("| product (M x K x N) | layout | median µs | fastest tenth µs | GFLOP/s | of peak |");
Console.WriteLine("| --- | --- | --- | --- | --- | --- |");

// The runtime compiles a method well only after a tenth of a second of calls: without this the first small products are timed slow.
foreach (var shape in ProductShape.All.Where(shape => (long)shape.Batch * shape.M * shape.K * shape.N < 1_000_000)) ProductTiming.Measure(pool, shape);
foreach (var shape in ProductShape.All.Where(shape => shape.ToString().Contains(wanted, StringComparison.OrdinalIgnoreCase)))
{
    var (median, fastestTenth, gigaflops) = ProductTiming.Measure(pool, shape);
    Console.WriteLine($"| {shape.Name} | {shape.Layout} | {median:F1} | {fastestTenth:F1} | {gigaflops:F0} | {gigaflops / peak:P0} |");
}
