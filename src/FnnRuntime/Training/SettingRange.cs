using System.Globalization;
using System.Runtime.CompilerServices;

namespace FeedbackNN;

/// <summary>What a number of an optimizer may be, as in a <c>.fnn</c> file: updates compute with it in float32.</summary>
internal sealed class SettingRange
{
    /// <summary>Any number.</summary>
    public static readonly SettingRange Finite = new("a finite number", value => float.IsFinite(value));

    /// <summary>A rate, or what is added.</summary>
    public static readonly SettingRange NotNegative = new("a finite number, 0 or above", value => float.IsFinite(value) && value >= 0);

    /// <summary>What is kept of a running mean.</summary>
    public static readonly SettingRange BelowOne = new("at least 0 and below 1", value => value is >= 0 and < 1);

    private readonly string _text;
    private readonly Func<float, bool> _allows;

    private SettingRange(string text, Func<float, bool> allows) => (_text, _allows) = (text, allows);

    /// <summary>Before it is set: all that is known of its values must be right.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not.</exception>
    public Schedule Check(Schedule value, [CallerMemberName] string name = "")
    {
        ArgumentNullException.ThrowIfNull(value, name);
        if (value.Bounds is not { } bounds) return value;
        foreach (var bound in new[] { bounds.Least, bounds.Most })
        {
            if (!_allows((float)bound)) throw new ArgumentOutOfRangeException(name, bound, $"{name} must be {_text}.");
        }
        return value;
    }

    /// <summary>For an update: a formula of the user's may give anything.</summary>
    /// <exception cref="InvalidOperationException">It is not allowed; the update has not been made.</exception>
    public double At(Schedule schedule, long update, string name)
    {
        var value = schedule.At(update);
        if (_allows((float)value)) return value;
        throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{name} is {value} for update {update}, and must be {_text}; the update was not made. Look at its schedule."));
    }
}
