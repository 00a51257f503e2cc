using System.Reflection;
using ILGPU.Runtime;

namespace FeedbackNN.Gpu;

/// <summary>
/// How many threads a group has and how many groups should fit into a multiprocessor, of kernels that are filled in with a type that has this: CUDA's compiler then gives a thread as many registers as that leaves, and not one more.
/// </summary>
/// <param name="threads">Of a group.</param>
/// <param name="groups">Of a multiprocessor.</param>
[AttributeUsage(AttributeTargets.Struct)]
internal sealed class LaunchBoundsAttribute(int threads, int groups) : Attribute
{
    /// <summary>Of a kernel, for compilers to PTX; none where it has no such type.</summary>
    public static KernelSpecialization Of(MethodInfo kernel) =>
        kernel.GetGenericArguments().Select(type => type.GetCustomAttribute<LaunchBoundsAttribute>()).FirstOrDefault(bounds => bounds is not null)?.Bounds ?? default;

    private KernelSpecialization Bounds { get; } = new(threads, groups);
}
