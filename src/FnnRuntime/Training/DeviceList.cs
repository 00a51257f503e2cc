namespace FeedbackNN;

/// <summary>Lists of devices that share steps: the networks' own first, then others of its kind.</summary>
internal static class DeviceList
{
    /// <summary>The devices besides the networks' own.</summary>
    /// <param name="name">What is trained, for messages.</param>
    /// <param name="devices">As a user gave them; null is the networks' own alone.</param>
    /// <param name="own">Where the networks are.</param>
    /// <exception cref="ArgumentException">The devices do not go together.</exception>
    public static Device[] Others(string name, IEnumerable<Device>? devices, Device own)
    {
        if (devices is null) return [];
        Device[] all = [.. devices];
        if (all.Length == 0) throw Wrong($"The list of devices is empty. The networks of {name} are on {own}: give that one and others, or no list.");
        for (var i = 0; i < all.Length; i++)
        {
            if (all[i] is null) throw Wrong($"Device {i} of the list is null.");
            if (Array.IndexOf(all, all[i]) < i) throw Wrong($"{all[i]} is twice in the list of devices; a device computes one share of each batch.");
            if (all[i].Kind != all[0].Kind) throw Wrong($"{all[0]} and {all[i]} are devices of different kinds; give devices that are used in one way, such as Device.AllBest().");
        }
        if (all[0] != own)
        {
            // Two devices may have one name, as processors with as many threads have.
            var first = all[0].ToString() == own.ToString() ? "another device of that name" : all[0].ToString();
            throw Wrong($"The networks of {name} are on {own}, which must be the first of the devices; the first is {first}. Construct the networks with devices[0].");
        }
        return all[1..];
    }

    /// <param name="message">What is wrong, and what to do.</param>
    public static ArgumentException Wrong(FormattableString message) => new(FormattableString.Invariant(message), "devices");
}
