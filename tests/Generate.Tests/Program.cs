using FeedbackNN.Generate.Tests;

// The assembly as a program: what a test looks at from outside.
if (args is not [KernelCodeTests.Argument])
{
    Console.Error.WriteLine("Run the tests with `dotnet test`.");
    return 1;
}
KernelCodeTests.Train();
return 0;
