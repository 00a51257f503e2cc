using FeedbackNN;
using NAMESPACE;

const int Epochs = 20, BatchSize = 32;

// 3,000 points, a thousand on each spiral; a fifth is held out.
var random = new Random(1);
var points = DataSource.From(Enumerable.Range(0, 3000).Select(i => Point(i % 3)).ToArray());
var (train, test) = points.Split(0.8, seed: 1);

using var net = new Classifier(seed: 1);
using var trainer = new Fit(net, seed: 1);
Console.WriteLine($"before training: accuracy {trainer.Evaluate(test).Accuracy:F3}");
for (var epoch = 1; epoch <= Epochs; epoch++)
{
    var learned = trainer.Run(train, epochs: 1, batchSize: BatchSize);
    Console.WriteLine($"epoch {epoch,2}: loss {learned.Loss:F4}, accuracy on new points {trainer.Evaluate(test).Accuracy:F3}");
}

net.Save("model.safetensors");
Console.WriteLine($"logits of the point (0.5, 0): {string.Join(", ", net.Predict([0.5f, 0f]))}");

Fit.Sample Point(int spiral)
{
    var radius = random.NextSingle();
    var angle = 2 * MathF.PI * (radius + spiral / 3f) + 0.2f * (random.NextSingle() - 0.5f);
    return new Fit.Sample(new[] { radius * MathF.Cos(angle), radius * MathF.Sin(angle) }, spiral);
}
