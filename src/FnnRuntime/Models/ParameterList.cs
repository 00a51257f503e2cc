using System.ComponentModel;
using System.Globalization;

namespace FeedbackNN;

/// <summary>The numbered parts of a model that are alike: the copies that a <c>repeat</c> makes. For generated code.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ParameterList
{
    /// <summary>Parts <paramref name="path"/>.0, <paramref name="path"/>.1 and so on.</summary>
    public static IReadOnlyList<TItem> Create<TItem>(Model model, string path, int count, Func<Model, string, TItem> item)
    {
        var items = new TItem[count];
        for (var i = 0; i < count; i++) items[i] = item(model, string.Create(CultureInfo.InvariantCulture, $"{path}.{i}"));
        return items;
    }
}
