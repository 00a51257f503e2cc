using System.Globalization;
using FeedbackNN.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace FnnBench.Workloads;

/// <summary>The other side of <see cref="FirstStepWorkload"/>: what this program does when it is started again for that. It loads no more than a program for this alone would.</summary>
internal static class TorchFirstStep
{
    /// <summary>The first argument that asks for it; the second is the number of threads.</summary>
    public const string Argument = "torch-first-step";

    public static int Run(string threads)
    {
        if (LibtorchLoader.Load(int.Parse(threads, CultureInfo.InvariantCulture)) is { } problem)
        {
            Console.Error.WriteLine(problem);
            return 1;
        }

        var (pixels, labels) = FirstStepTask.Batch();
        using var net = nn.Sequential(nn.Linear(FirstStepTask.Pixels, 128), nn.ReLU(), nn.Linear(128, FirstStepTask.Classes));
        using (no_grad())
        {
            var position = 0u;
            foreach (var parameter in net.parameters())
            {
                using var numbers = tensor(FirstStepTask.Numbers((int)parameter.numel(), 2 + position++, 0.05f), parameter.shape);
                parameter.copy_(numbers);
            }
        }

        using var optimizer = optim.SGD(net.parameters(), FirstStepTask.LearningRate);
        using var input = tensor(pixels, [FirstStepTask.BatchSize, FirstStepTask.Pixels]);
        using var narrow = tensor(labels);
        using var target = narrow.to(int64);
        optimizer.zero_grad();
        using var logits = net.call(input);
        using var loss = nn.functional.cross_entropy(logits, target);
        loss.backward();
        optimizer.step();
        FirstStepTask.Report(loss.item<float>());
        return 0;
    }
}
