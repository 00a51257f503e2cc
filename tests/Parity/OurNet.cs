namespace FeedbackNN.Parity;

/// <summary>One of the compiled networks with one of its trainers and a batch, behind the same few calls.</summary>
internal sealed record OurNet(Model Model, Func<double> Step, Func<double> Evaluate, IDisposable Trainer) : IDisposable
{
    public static OurNet Make(string net, string optimizer, float[] floats, int[] indices, int[] labels, int rows)
    {
        var label = new Tensor<int, Batch>(labels, rows);
        switch (net)
        {
            case "SimpleNN":
            {
                var (model, x) = (new SimpleNN(seed: 3), new Tensor<float, Batch, Pixels>(floats, rows, Pixels.Size));
                return optimizer switch
                {
                    "Sgd" => Of(model, new SimpleNNSgd(model), new SimpleNNSgd.MiniBatch(x, label), report => report.Loss),
                    "Momentum" => Of(model, new SimpleNNMomentum(model), new SimpleNNMomentum.MiniBatch(x, label), report => report.Loss),
                    "Nesterov" => Of(model, new SimpleNNNesterov(model), new SimpleNNNesterov.MiniBatch(x, label), report => report.Loss),
                    "Adam" => Of(model, new SimpleNNAdam(model), new SimpleNNAdam.MiniBatch(x, label), report => report.Loss),
                    "AdamW" => Of(model, new SimpleNNAdamW(model), new SimpleNNAdamW.MiniBatch(x, label), report => report.Loss),
                    _ => throw new ArgumentException(optimizer),
                };
            }
            case "DeepNorm":
            {
                var (model, x) = (new DeepNorm(seed: 3), new Tensor<float, Batch, Features>(floats, rows, Features.Size));
                return optimizer switch
                {
                    "Sgd" => Of(model, new DeepNormSgd(model), new DeepNormSgd.MiniBatch(x, label), report => report.Loss),
                    "Momentum" => Of(model, new DeepNormMomentum(model), new DeepNormMomentum.MiniBatch(x, label), report => report.Loss),
                    "Nesterov" => Of(model, new DeepNormNesterov(model), new DeepNormNesterov.MiniBatch(x, label), report => report.Loss),
                    "Adam" => Of(model, new DeepNormAdam(model), new DeepNormAdam.MiniBatch(x, label), report => report.Loss),
                    "AdamW" => Of(model, new DeepNormAdamW(model), new DeepNormAdamW.MiniBatch(x, label), report => report.Loss),
                    _ => throw new ArgumentException(optimizer),
                };
            }
            case "WordNet":
            {
                var (model, x) = (new WordNet(seed: 3), new Tensor<int, Batch, Length>(indices, rows, indices.Length / rows));
                return optimizer switch
                {
                    "Sgd" => Of(model, new WordNetSgd(model), new WordNetSgd.MiniBatch(x, label), report => report.Loss),
                    "Momentum" => Of(model, new WordNetMomentum(model), new WordNetMomentum.MiniBatch(x, label), report => report.Loss),
                    "Nesterov" => Of(model, new WordNetNesterov(model), new WordNetNesterov.MiniBatch(x, label), report => report.Loss),
                    "Adam" => Of(model, new WordNetAdam(model), new WordNetAdam.MiniBatch(x, label), report => report.Loss),
                    "AdamW" => Of(model, new WordNetAdamW(model), new WordNetAdamW.MiniBatch(x, label), report => report.Loss),
                    _ => throw new ArgumentException(optimizer),
                };
            }
            case "BatchNormNet":
            {
                var (model, x) = (new BatchNormNet(seed: 3), new Tensor<float, Batch, Features>(floats, rows, Features.Size));
                return optimizer switch
                {
                    "Sgd" => Of(model, new BatchNormNetSgd(model), new BatchNormNetSgd.MiniBatch(x, label), report => report.Loss),
                    "Momentum" => Of(model, new BatchNormNetMomentum(model), new BatchNormNetMomentum.MiniBatch(x, label), report => report.Loss),
                    "Nesterov" => Of(model, new BatchNormNetNesterov(model), new BatchNormNetNesterov.MiniBatch(x, label), report => report.Loss),
                    "Adam" => Of(model, new BatchNormNetAdam(model), new BatchNormNetAdam.MiniBatch(x, label), report => report.Loss),
                    "AdamW" => Of(model, new BatchNormNetAdamW(model), new BatchNormNetAdamW.MiniBatch(x, label), report => report.Loss),
                    _ => throw new ArgumentException(optimizer),
                };
            }
            default: throw new ArgumentException(net);
        }
    }

    public void Dispose()
    {
        Trainer.Dispose();
        Model.Dispose();
    }

    private static OurNet Of<TBatch, TReport>(Model model, Trainer<TBatch, TReport> trainer, TBatch batch, Func<TReport, double> loss) =>
        new(model, () => loss(trainer.Step(batch)), () => loss(trainer.Evaluate(batch)), trainer);
}
