using System.Diagnostics;
using CharGpt;
using FeedbackNN;

var isQuick = args.Contains("--quick");
var path = args.FirstOrDefault(argument => !argument.StartsWith('-'))
    ?? (Environment.GetEnvironmentVariable("FNN_DATA") is { } data ? Path.Combine(data, "tinyshakespeare", "input.txt") : null);
var isOwn = path is null || !File.Exists(path);
if (isOwn && path is not null && args.Contains(path)) throw new FileNotFoundException("There is no such text.", path);
var text = isOwn ? Corpus.OwnText() : File.ReadAllText(path!);
Console.WriteLine($"learning from {(isOwn ? "this project's language, library and manual" : path)}: {text.Length:N0} letters");

// The last tenth is never learned from.
var letters = Corpus.Encode(text);
var (train, held) = (letters[..^(letters.Length / 10)], letters[^(letters.Length / 10)..]);
const int Length = 64, BatchSize = 12;
var windows = Corpus.Windows(train, Length);
var checks = Corpus.Windows(held, Length).Take(held.Length - Length).Shuffle(seed: 1).Take(isQuick ? 120 : 600);

using var net = new Speaker(seed: 1);
using var trainer = new Fit(net, seed: 1);
Console.WriteLine($"{net.ParameterCount:N0} weights");
var (steps, round) = isQuick ? (900, 300) : (3_000, 500);
var watch = Stopwatch.StartNew();
for (var done = 0; done < steps; done += round)
{
    // Windows that nobody has seen, a stretch of the same shuffled order after the other.
    trainer.Run(windows.Shuffle(seed: 2).Skip(done * BatchSize).Take(round * BatchSize), epochs: 1, batchSize: BatchSize);
    Console.WriteLine($"step {done + round:N0}: {trainer.Evaluate(checks).Bits:F2} bits a letter on what was held back, {(done + round) * BatchSize * Length / watch.Elapsed.TotalSeconds:N0} letters/s");
}

var output = Path.Combine(Directory.CreateDirectory("output").FullName, "chargpt.safetensors");
net.Save(output);
Console.WriteLine($"weights: {output}");
Console.WriteLine();

using var write = new Write(net);
var beginning = isOwn ? "/// " : "\n";
Console.Write(beginning);
await foreach (var next in write.Stream(new Tensor<int, Batch, Given>(Corpus.Encode(beginning), 1, beginning.Length), count: isQuick ? 600 : 2_000, seed: 1)) Console.Write(Corpus.Decode(next[0]));
Console.WriteLine();
