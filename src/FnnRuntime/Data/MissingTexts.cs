using System.Text;

namespace FeedbackNN;

/// <summary>The texts of a file that say that a value is missing, as its reader has named them; none is known beforehand.</summary>
internal sealed class MissingTexts
{
    private readonly byte[][] _texts;

    public MissingTexts(IReadOnlyList<string> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        if (texts.Count == 0)
            throw new ArgumentException("Name at least one text that says that a value is missing, such as \"\" for an empty field.", nameof(texts));
        _texts = [.. texts.Select(text => Encoding.UTF8.GetBytes(text.Trim()))];
    }

    /// <summary>White space around numbers is passed over, so it is here.</summary>
    public bool Contain(ReadOnlySpan<byte> field)
    {
        var trimmed = field.Trim(" \t\r\n"u8);
        foreach (var text in _texts)
        {
            if (trimmed.SequenceEqual(text))
                return true;
        }
        return false;
    }
}
