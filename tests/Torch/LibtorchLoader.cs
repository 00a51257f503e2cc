using TorchSharp;

namespace FeedbackNN.Torch;

/// <summary>Loads TorchSharp, or says why it does not load. <c>Torch.targets</c> has made its library fit the system while building.</summary>
internal static class LibtorchLoader
{
    /// <summary>Loads it with a number of threads.</summary>
    /// <returns>What is wrong, or null.</returns>
    public static string? Load(int threads)
    {
        try
        {
            torch.set_num_threads(threads);
            using var one = torch.ones(1);
            return one.item<float>() == 1 ? null : "it computes nonsense";
        }
        catch (Exception exception)
        {
            return exception.GetBaseException().Message;
        }
    }
}
