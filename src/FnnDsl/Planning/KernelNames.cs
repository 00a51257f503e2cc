using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>Names a kernel after what it computes: <c>AddRelu</c>, <c>RowMaxExpSum</c>.</summary>
internal static class KernelNames
{
    private const int LongestName = 48;

    public static string Describe(Kernel kernel)
    {
        var words = kernel.Values.Select(value => value switch
        {
            ApplyValue apply => Pascal(apply.Operator.Name),
            ReduceValue reduce => "Row" + reduce.Kind,
            ArgReduceValue arg => arg.IsMax ? "ArgMax" : "ArgMin",
            RandomValue => "Random",
            _ => "",
        }).Concat(kernel.Stores.Where(store => store.ColumnReduction is not null).Select(store => "Column" + store.ColumnReduction));
        var name = "";
        var last = "";
        foreach (var word in words.Where(word => word.Length > 0))
        {
            if (word == last) continue;
            if (name.Length + word.Length > LongestName) break;
            name += word;
            last = word;
        }
        return name.Length == 0 ? (kernel.Stores.Any(store => store.Adds) ? "ScatterView" : kernel.Values.Any(value => value is LoadValue) ? "Copy" : "Fill") : name;
    }

    private static string Pascal(string name) => string.Concat(name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word.Substring(1)));
}
