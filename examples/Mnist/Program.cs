using System.Globalization;
using FeedbackNN;
using Mnist;

const int QuickPictures = 6000;
const string Usage = """
    dotnet run -c Release --project examples/Mnist -- [--epochs 6] [--quick] [--device best]

    --quick trains for one epoch on a tenth of the pictures. The files of MNIST are taken from the folder that the environment variable FNN_DATA names, else fetched.
    """;

var (epochs, isQuick, device) = (Training.Epochs, false, Device.Cpu);
try
{
    for (var i = 0; i < args.Length; i++)
    {
        switch (args[i])
        {
            case "--quick":
                (isQuick, epochs) = (true, 1);
                break;
            case "--epochs" when i + 1 < args.Length && int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0:
                epochs = number;
                i++;
                break;
            case "--device" when i + 1 < args.Length:
                device = Device.Parse(args[++i]);
                break;
            default:
                Console.Error.WriteLine(Usage);
                return 1;
        }
    }

    var data = MnistData.Read(await MnistData.FindAsync());
    if (isQuick) data = data with { Train = data.Train.Shuffle(seed: 1).Take(QuickPictures) };
    using var net = new Reader(device, seed: 1);
    Console.WriteLine($"{data.Train.Count:N0} pictures to learn from, {data.Test.Count:N0} to be tested on; {net.AllParameters.Sum(parameter => parameter.Value.Length):N0} weights, on {device}");
    var result = Training.Run(net, data, epochs, seed: 1, new Display());
    Console.WriteLine($"test accuracy {100 * result.Accuracy:F2}% (loss {result.Loss:F4})");
    return 0;
}
catch (Exception failure) when (failure is DataException or DeviceException)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}

/// <summary>A line an epoch; on a screen also one that tells how far the epoch is.</summary>
internal sealed class Display : IProgress<TrainingProgress<Fit.Report>>
{
    public void Report(TrainingProgress<Fit.Report> progress)
    {
        var isLive = !Console.IsOutputRedirected;
        if (!progress.IsEndOfEpoch && !(isLive && progress.Batch % 10 == 0)) return;
        var line = $"epoch {progress.Epoch}/{progress.Epochs}, batch {progress.Batch}/{progress.Batches}: loss {progress.EpochReport.Loss:F4}, accuracy {100 * progress.EpochReport.Accuracy:F2}%, {progress.SamplesPerSecond:N0} pictures/s";
        Console.Write((isLive ? "\r" : "") + line + (progress.IsEndOfEpoch ? Environment.NewLine : ""));
    }
}
