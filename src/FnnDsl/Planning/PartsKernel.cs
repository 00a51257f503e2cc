using FeedbackNN.Dsl.Graphs;
using FeedbackNN.Dsl.Operators;
using FeedbackNN.Dsl.Text;
using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>The kernel that adds up the parts of a column reduction: operand 0 is [parts, columns], operand 1 the result.</summary>
internal sealed class PartsKernel(ReduceKind kind, ElementType element, Size columns)
{
    public Kernel Build(LoopDomain domain)
    {
        var values = new List<KernelValue>();
        var level = Enumerable.Range(0, Kernel.PartCount).Select(part =>
        {
            values.Add(new LoadValue(new Access(0, Size.Constant(part) * columns, default, Size.One), element, Level.Column));
            return values.Count - 1;
        }).ToList();
        // Neighbours first, then pairs of pairs: ((0 1) (2 3)) ((4 5) (6 7)).
        while (level.Count > 1)
        {
            level = Enumerable.Range(0, level.Count / 2).Select(pair =>
            {
                values.Add(new ApplyValue(Operator, EquatableArray<int>.Own(level[2 * pair], level[2 * pair + 1]), element, Level.Column));
                return values.Count - 1;
            }).ToList();
        }
        var store = new KernelStore(level[0], new Access(1, Size.Zero, default, Size.One), null, 0, Adds: false);
        return KernelTraits.Decide(new Kernel("", domain.Rows, domain.Columns,
            EquatableArray<KernelOperand>.Own(new KernelOperand("", element), new KernelOperand("", element)),
            values.ToEquatableArray(), EquatableArray<KernelStore>.Own(store), columns.AxisNames.OrderBy(axis => axis, StringComparer.Ordinal).ToEquatableArray(),
            KernelForm.Map, IsVectorized: false, Cost: 0) { AddsParts = kind });
    }

    private ScalarOperator Operator => kind switch
    {
        ReduceKind.Sum => OperatorTable.Add,
        ReduceKind.Max => OperatorTable.Maximum,
        ReduceKind.Min => OperatorTable.Minimum,
        _ => OperatorTable.Mul,
    };
}
