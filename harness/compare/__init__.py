"""Two or more results side by side: did anything get costlier?"""
