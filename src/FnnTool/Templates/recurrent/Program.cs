using FeedbackNN;
using NAMESPACE;

const int Epochs = 16, BatchSize = 32, Steps = 32;

// 2,400 waves of 32 values, each shape a third; a fifth is held out.
var random = new Random(1);
var waves = DataSource.From(Enumerable.Range(0, 2400).Select(i => Wave(i % 3)).ToArray());
var (train, test) = waves.Split(0.8, seed: 1);

using var net = new Listener(seed: 1);
using var trainer = new Fit(net, seed: 1);
Console.WriteLine($"before training: accuracy {trainer.Evaluate(test).Accuracy:F3}");
for (var epoch = 1; epoch <= Epochs; epoch++)
{
    var learned = trainer.Run(train, epochs: 1, batchSize: BatchSize);
    Console.WriteLine($"epoch {epoch,2}: loss {learned.Loss:F4}, accuracy on new waves {trainer.Evaluate(test).Accuracy:F3}");
}
net.Save("model.safetensors");

// The same network hears a wave as it comes, one value after the other.
using var stream = net.Start(batch: 1);
using var value = new Tensor<float, Batch, N1>(1, 1);
var heard = Wave(shape: 1).Wave;
for (var step = 0; step < Steps; step++)
{
    value[0, 0] = heard.Span[step];
    var logits = stream.Step(value);
    if (step % 8 == 7) Console.WriteLine($"a square wave after {step + 1,2} values: sine {logits[0, 0]:F1}, square {logits[0, 1]:F1}, sawtooth {logits[0, 2]:F1}");
}

Fit.Sample Wave(int shape)
{
    var length = 8 + 8 * random.NextSingle();
    var start = random.NextSingle();
    var values = Enumerable.Range(0, Steps).Select(step =>
    {
        var phase = (start + step / length) % 1;
        var pure = shape switch { 0 => MathF.Sin(2 * MathF.PI * phase), 1 => phase < 0.5f ? 1 : -1, _ => 2 * phase - 1 };
        return pure + 0.2f * (random.NextSingle() - 0.5f);
    });
    return new Fit.Sample(values.ToArray(), shape);
}
