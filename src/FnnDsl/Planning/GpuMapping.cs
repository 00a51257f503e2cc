using FeedbackNN.Dsl.Types;

namespace FeedbackNN.Dsl.Planning;

/// <summary>How the threads of a GPU share a kernel's work: one template of the GPU runtime each.</summary>
public enum GpuTemplate
{
    /// <summary>An element of the only axis a thread.</summary>
    Map,

    /// <summary>An element of a row a thread: nothing is reduced.</summary>
    Elements,

    /// <summary>A row a thread: reductions over few columns.</summary>
    RowPerThread,

    /// <summary>A row, or a part of the rows, a group of threads: reductions over many columns.</summary>
    RowPerGroup,

    /// <summary>A column of a part of the rows a thread: sums over rows, and no other reduction.</summary>
    ColumnPerThread,

    /// <summary>Stretches of rows, each in order by one thread: stores that add to places that are not distinct.</summary>
    InOrder,

    /// <summary>Elements of a matrix product.</summary>
    Tile,
}

/// <summary>Decides how the threads of a GPU share a kernel's work.</summary>
public static class GpuMapping
{
    /// <summary>Columns up to which a thread does a whole row: sharing it costs more than it saves.</summary>
    private const int FewColumns = 32;

    public static GpuTemplate Of(Kernel kernel)
    {
        var reduces = kernel.Values.Any(value => value is ReduceValue or ArgReduceValue);
        return kernel.Form switch
        {
            KernelForm.Map => GpuTemplate.Map,
            KernelForm.Epilogue => GpuTemplate.Tile,
            KernelForm.Serial => GpuTemplate.InOrder,
            KernelForm.Parts => reduces ? GpuTemplate.RowPerGroup : GpuTemplate.ColumnPerThread,
            _ when kernel.ReducedRows > 0 => reduces ? GpuTemplate.RowPerGroup : GpuTemplate.ColumnPerThread,
            _ when !reduces => GpuTemplate.Elements,
            _ => kernel.Columns.TryGetConstant(out var columns) && columns <= FewColumns ? GpuTemplate.RowPerThread : GpuTemplate.RowPerGroup,
        };
    }

    /// <summary>How many rows (or rows that are kept) there are.</summary>
    public static Size RowCount(Kernel kernel) => Size.Product(kernel.Rows.Take(kernel.Rows.Count - kernel.ReducedRows));

    /// <summary>Of a kernel whose rows are cut into parts, the columns that have threads of their own, which are as good as parts: one where a group has a whole row.</summary>
    public static Size ColumnsApart(Kernel kernel) => Of(kernel) == GpuTemplate.ColumnPerThread ? kernel.Columns : Size.One;

    /// <summary>The kernel whose parts lie in a buffer; null for other buffers.</summary>
    public static Kernel? MakerOfParts(ProgramPlan plan, int buffer)
    {
        var isAdded = plan.Steps.OfType<KernelStep>().Any(step => plan.Kernels[step.Kernel].AddsParts is not null && IsAt(step.Operands[0]));
        return isAdded ? plan.Steps.OfType<KernelStep>().Select(step => (Kernel: plan.Kernels[step.Kernel], step.Operands)).First(step => step.Kernel.Form == KernelForm.Parts && step.Operands.Any(IsAt)).Kernel : null;
        bool IsAt(Place place) => place is ArenaPlace && StepLoops.Position(place) == buffer;
    }

    /// <summary>
    /// Of a kernel whose stores may meet, how many of the outermost row axes keep them apart: along such an axis the place moves further than all axes
    /// inside it reach together.
    /// </summary>
    public static int IndependentRows(Kernel kernel)
    {
        for (var axis = 0; axis < kernel.Rows.Count; axis++)
        {
            if (!kernel.Stores.All(store => IsApart(kernel, store.Access, axis))) return axis;
        }
        return kernel.Rows.Count;
    }

    private static bool IsApart(Kernel kernel, Access access, int axis)
    {
        var reach = access.ColumnStride * (kernel.Columns - Size.One);
        for (var inner = axis + 1; inner < kernel.Rows.Count; inner++) reach += access.RowStrides[inner] * (kernel.Rows[inner] - Size.One);
        // Sizes are positive, so a sum without negative terms is never below zero. Strides below zero would need another argument.
        return HasNoNegativeTerm(access.ColumnStride) && access.RowStrides.Skip(axis).All(HasNoNegativeTerm)
            && HasNoNegativeTerm(access.RowStrides[axis] - reach - Size.One);
    }

    private static bool HasNoNegativeTerm(Size size) => size.Terms.All(term => term.Coefficient >= 0);
}
