using System.Globalization;

namespace FeedbackNN;

/// <summary>
/// The memory that this process may use: the machine's, or less where a container says so. More than all of it is refused before it is asked for: Linux promises it and ends the process when it is written.
/// </summary>
internal static class ProcessMemory
{
    // To ask takes longer than to allocate little.
    private const long WorthAsking = 1L << 30;

    public static long TotalBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <param name="bytes">So much in one piece.</param>
    /// <param name="purpose">What for, as a message would say it.</param>
    /// <param name="advice">What would need less.</param>
    /// <exception cref="DeviceMemoryException">There is not so much at all.</exception>
    public static void Require(long bytes, string purpose, string advice)
    {
        if (bytes > WorthAsking && bytes > TotalBytes)
            throw new DeviceMemoryException(string.Create(CultureInfo.InvariantCulture, $"There is no room for {purpose}: {InGiB(bytes)} GiB are needed in one piece, and this process may use {InGiB(TotalBytes)} in all. {advice}"), bytes, null);
    }

    private static string InGiB(long bytes) => (bytes / (double)(1L << 30)).ToString("#,0.0", CultureInfo.InvariantCulture);
}
