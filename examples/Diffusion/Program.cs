using System.Diagnostics;
using Diffusion;
using FeedbackNN;

const int drawn = 1000;
const float near = 4 * Spiral.Noise;

using var net = new Denoiser(seed: 1);
using var trainer = new Fit(net, seed: 1);
var clock = Stopwatch.StartNew();
var report = trainer.Run(Spiral.Points(12_800, new Random(1)), epochs: 60, batchSize: 128);
Console.WriteLine($"{report.Step:N0} steps in {clock.Elapsed.TotalSeconds:F1} s; in the last epoch {1 - report.Loss:P0} of the noise is told");

using var draw = new Draw(trainer.Average);
using var points = draw.Run(n: drawn, seed: 1);
Console.WriteLine(Spiral.Picture(points));
Console.WriteLine($"{Spiral.Near(points, near)} of {drawn} drawn points lie within {near:F2} of the spiral; on its tenths lie {string.Join(", ", Spiral.Spread(points))}");
